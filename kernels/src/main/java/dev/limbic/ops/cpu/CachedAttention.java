package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;

import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Heads;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;

/**
 * One call of attention over a cache. A sequence that decodes reads keys and values where they lie and is cut along
 * its context into chunks, each an item of work with a result of its own that are merged afterwards; chunks are the same
 * whatever the batch and the team, and so are the results. The rows of a prompt are cut into tiles instead, which visit
 * the chunks in turn, as products of matrices. The two round differently, so a row of a prompt is always one of a tile,
 * and a row of a generated token never, however few or many rows come with it.
 */
final class CachedAttention {
    private static final int CHUNK = RowTile.CHUNK;

    /** Key heads of one item: enough to lie side by side for some kilobytes, few enough to share out. */
    private static final int STRIP = 2;

    /** Scores of one query head over a chunk. */
    private static final long SCORE_BYTES = 4L * (CHUNK + LANES);

    private final Tensor qkv;
    private final CpuKvCache cache;
    private final int layer;
    private final CachedSequences sequences;
    private final Heads heads;
    private final int window;
    private final Tensor y;
    private final int d;
    private final int padded;
    private final float scale;

    /** Items of the sequences before each; the last is the number of items. */
    private final int[] firstItem;

    /** Partial results of the sequences before each. */
    private final int[] firstPart;

    CachedAttention(
            Tensor qkv, CpuKvCache cache, int layer, CachedSequences sequences, Heads heads, int window, Tensor y) {
        this.qkv = qkv;
        this.cache = cache;
        this.layer = layer;
        this.sequences = sequences;
        this.heads = heads;
        this.window = window;
        this.y = y;
        d = heads.size();
        padded = CpuLinear.roundUp(d, LANES);
        scale = (float) (1 / Math.sqrt(d));
        firstItem = new int[sequences.count() + 1];
        firstPart = new int[sequences.count() + 1];
        for (int b = 0; b < sequences.count(); b++) {
            int rows = sequences.rows(b);
            boolean many = b >= sequences.decoding();
            firstItem[b + 1] =
                    firstItem[b] + (many ? heads.keys() * Math.ceilDiv(rows, RowTile.ROWS) : strips() * chunks(b));
            firstPart[b + 1] = firstPart[b] + (many ? 0 : rows * heads.queries() * chunks(b));
        }
    }

    /** Runs it, with memory for the partial results from {@code scratch}. */
    void run(Shares shares, Arena scratch) {
        Arena.Mark mark = scratch.mark();
        long parts = scratch.allocate(firstPart[sequences.count()] * partBytes());
        int items = firstItem[sequences.count()];
        shares.items(items, bytes(), (worker, from, to) -> {
            for (int i = from; i < to; i++) {
                int found = Arrays.binarySearch(firstItem, i);
                int b = found >= 0 ? found : -found - 2;
                int item = i - firstItem[b];
                if (b >= sequences.decoding()) {
                    // The last rows see most: whoever begins with them does not finish long after the others.
                    int tiles = (firstItem[b + 1] - firstItem[b]) / heads.keys();
                    tile(worker, b, item % heads.keys(), (tiles - 1 - item / heads.keys()) * RowTile.ROWS);
                } else {
                    chunk(worker, b, item / chunks(b), item % chunks(b), parts);
                }
            }
        });
        shares.rows(sequences.count(), firstPart[sequences.count()] * partBytes(), (worker, from, to) -> {
            for (int b = from; b < to; b++) {
                if (b < sequences.decoding()) {
                    merge(worker, b, parts);
                }
            }
        });
        scratch.rewind(mark);
    }

    private int strips() {
        return Math.ceilDiv(heads.keys(), STRIP);
    }

    /** Chunks from the first one that any new row looks into. */
    private int chunks(int b) {
        return Math.ceilDiv(sequences.contexts()[b], CHUNK) - firstChunk(b, 0);
    }

    /** First token of a chunk. */
    private int start(int b, int index) {
        return (firstChunk(b, 0) + index) * CHUNK;
    }

    /** The first chunk that a new row looks into. */
    private int firstChunk(int b, int row) {
        return from(b, row) / CHUNK;
    }

    /** Read, as far as the decision to wake the team is concerned. */
    private long bytes() {
        long tokens = 0;
        for (int b = 0; b < sequences.count(); b++) {
            tokens += (long) Math.min(sequences.contexts()[b], window) * sequences.rows(b);
        }
        return tokens * heads.keys() * 2 * cache.rowBytes();
    }

    /** A sum of values, then the maximum and sum of its exponentials. */
    private long partBytes() {
        return 4L * (padded + LANES);
    }

    private long part(long parts, int b, int row, int head) {
        return parts + (firstPart[b] + (row * heads.queries() + head) * chunks(b)) * partBytes();
    }

    private long query(int b, int row, int head) {
        return qkv.row(sequences.first(b) + row) + (long) head * d * qkv.dtype().bytes();
    }

    private long result(int b, int row, int head) {
        return y.row(sequences.first(b) + row) + (long) head * d * y.dtype().bytes();
    }

    /** The token after the last one that a new row sees. */
    private int visible(int b, int row) {
        return sequences.contexts()[b] - sequences.rows(b) + row + 1;
    }

    /** The first token that a new row sees. */
    private int from(int b, int row) {
        return Math.max(0, visible(b, row) - window);
    }

    /**
     * All new rows over one chunk, for a few key heads: of each block, their keys lie behind one another, and so do their
     * values. They are read in that order, which the processor foresees.
     *
     * @param index counted from the first chunk that any row looks into
     */
    private void chunk(Worker worker, int b, int strip, int index, long parts) {
        int start = start(b, index);
        int firstHead = strip * STRIP * heads.group();
        int lastHead = Math.min(heads.queries(), firstHead + STRIP * heads.group());
        Arena scratch = worker.scratch();
        Arena.Mark mark = scratch.mark();
        long queries = scratch.allocate(4L * padded * (lastHead - firstHead));
        long scores = scratch.allocate(SCORE_BYTES * (lastHead - firstHead));
        long products = scratch.allocate(CacheKernels.partsBytes(CHUNK));
        for (int row = 0; row < sequences.rows(b); row++) {
            int from = Math.clamp(from(b, row) - start, 0, CHUNK);
            int to = Math.clamp(visible(b, row) - start, from, CHUNK);
            for (int head = firstHead; head < lastHead; head++) {
                long q = queries + 4L * padded * (head - firstHead);
                Rows.convert(qkv.dtype(), query(b, row, head), DType.F32, q, d);
                Ram.fill(q + 4L * d, 4L * (padded - d), (byte) 0);
            }
            dots(b, firstHead, lastHead, start, from, to, queries, scores, products);
            for (int head = firstHead; head < lastHead; head++) {
                long sum = part(parts, b, row, head) + index * partBytes();
                Ram.fill(sum, 4L * padded, (byte) 0);
                // Where only other rows look into this chunk: nothing, with a weight of nothing.
                Ram.setFloat(sum + 4L * padded, Float.NEGATIVE_INFINITY);
                Ram.setFloat(sum + 4L * padded + 4, 0);
                if (from < to) {
                    int columns = CpuLinear.roundUp(to - from, LANES);
                    long own = scores + SCORE_BYTES * (head - firstHead) + 4L * from;
                    CacheKernels.weightsF32(own, own, to - from, columns, scale, sum + 4L * padded);
                }
            }
            mix(b, row, firstHead, lastHead, index, from, to, scores, parts);
        }
        scratch.rewind(mark);
    }

    private void dots(
            int b, int firstHead, int lastHead, int start, int from, int to, long queries, long scores, long products) {
        boolean wide = cache.dtype() == DType.F32;
        for (int done = from, run; done < to; done += run) {
            run = Math.min(run(start + done), to - done);
            for (int head = firstHead; head < lastHead; head++) {
                long keys = key(b, head / heads.group(), start + done);
                long q = queries + 4L * padded * (head - firstHead);
                long own = scores + SCORE_BYTES * (head - firstHead) + 4L * done;
                if (wide) {
                    CacheKernels.dotsF32(q, keys, cache.rowBytes(), run, d, products);
                } else {
                    CacheKernels.dotsBf16(q, keys, cache.rowBytes(), run, d, products);
                }
                CacheKernels.sums(products, run, own);
            }
        }
    }

    private void mix(
            int b, int row, int firstHead, int lastHead, int index, int from, int to, long scores, long parts) {
        boolean wide = cache.dtype() == DType.F32;
        int start = start(b, index);
        for (int done = from, run; done < to; done += run) {
            run = Math.min(run(start + done), to - done);
            for (int head = firstHead; head < lastHead; head++) {
                long values = key(b, head / heads.group(), start + done) + cache.toValues();
                long own = scores + SCORE_BYTES * (head - firstHead) + 4L * done;
                long sum = part(parts, b, row, head) + index * partBytes();
                if (wide) {
                    CacheKernels.mixF32(own, values, cache.rowBytes(), run, d, sum);
                } else {
                    CacheKernels.mixBf16(own, values, cache.rowBytes(), run, d, sum);
                }
            }
        }
    }

    /** Address of a token's key. */
    private long key(int b, int keyHead, int token) {
        int block = sequences.block(b, token / cache.blockTokens());
        return cache.keys(layer, block, keyHead) + token % cache.blockTokens() * cache.rowBytes();
    }

    /** From a token to the end of its block. */
    private int run(int token) {
        return cache.blockTokens() - token % cache.blockTokens();
    }

    private void merge(Worker worker, int b, long parts) {
        Arena.Mark mark = worker.scratch().mark();
        long sum = worker.scratch().allocate(4L * padded);
        for (int row = 0; row < sequences.rows(b); row++) {
            for (int head = 0; head < heads.queries(); head++) {
                long first = part(parts, b, row, head);
                float max = Float.NEGATIVE_INFINITY;
                for (int c = 0; c < chunks(b); c++) {
                    max = Math.max(max, Ram.getFloat(first + c * partBytes() + 4L * padded));
                }
                Ram.fill(sum, 4L * padded, (byte) 0);
                float total = 0;
                for (int c = 0; c < chunks(b); c++) {
                    long part = first + c * partBytes();
                    float weight = VectorMath.exp2(Ram.getFloat(part + 4L * padded) - max);
                    total += weight * Ram.getFloat(part + 4L * padded + 4);
                    RowKernels.addScaled(part, weight, sum, padded);
                }
                RowKernels.scale(1 / total, sum, padded);
                Rows.convert(DType.F32, sum, y.dtype(), result(b, row, head), d);
            }
        }
        worker.scratch().rewind(mark);
    }

    /** Some rows of a sequence, all query heads of one key head, chunk by chunk of what any of the rows sees. */
    private void tile(Worker worker, int b, int keyHead, int firstRow) {
        Arena scratch = worker.scratch();
        Arena.Mark mark = scratch.mark();
        int rows = Math.min(RowTile.ROWS, sequences.rows(b) - firstRow);
        int firstHead = keyHead * heads.group();
        int states = heads.group() * rows;
        DType type = cache.products();
        long queryBytes = (long) d * type.bytes();
        // The last rows of a tile may be none, but must be numbers: where d is odd, a product takes along
        // the first element of the next row, times zero.
        long queries = scratch.allocate((states + RowTile.ROWS) * queryBytes);
        Ram.fill(queries + states * queryBytes, RowTile.ROWS * queryBytes, (byte) 0);
        long sums = scratch.allocate(4L * states * padded);
        Ram.fill(sums, 4L * states * padded, (byte) 0);
        long statistics = scratch.allocate(8L * states);
        for (int s = 0; s < states; s++) {
            Ram.setFloat(statistics + 8L * s, Float.NEGATIVE_INFINITY);
            Ram.setFloat(statistics + 8L * s + 4, 0);
            long q = query(b, firstRow + s % rows, firstHead + s / rows);
            Rows.convert(qkv.dtype(), q, type, queries + s * queryBytes, d);
        }
        RowTile tile = new RowTile(worker, cache.dtype(), type, d, padded, scale);
        int seen = visible(b, firstRow + rows - 1);
        for (int start = firstChunk(b, firstRow) * CHUNK; start < seen; start += CHUNK) {
            int tokens = Math.min(CHUNK, seen - start);
            tile.clear();
            for (int j = 0, run; j < tokens; j += run) {
                run = Math.min(run(start + j), tokens - j);
                long key = key(b, keyHead, start + j);
                tile.put(j, run, key, key + cache.toValues());
            }
            tile.end(tokens);
            int end = visible(b, firstRow) - start;
            for (int s = 0; s < states; s += rows) {
                long sum = sums + 4L * s * padded;
                tile.run(queries + s * queryBytes, rows, end, window, tokens, sum, statistics + 8L * s);
            }
        }
        for (int s = 0; s < states; s++) {
            long sum = sums + 4L * s * padded;
            RowKernels.scale(1 / Ram.getFloat(statistics + 8L * s + 4), sum, padded);
            Rows.convert(DType.F32, sum, y.dtype(), result(b, firstRow + s % rows, firstHead + s / rows), d);
        }
        scratch.rewind(mark);
    }
}
