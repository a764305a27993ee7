package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;

import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Heads;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;

/**
 * One call of attention over a cache. A sequence of few new rows reads keys and values where they lie and is cut along
 * its context into chunks, each an item of work with a result of its own that are merged afterwards; chunks are the same
 * whatever the batch and the team, and so are the results. A sequence of more rows is cut into tiles of rows instead,
 * which visit the chunks in turn: there it pays to transpose the keys first.
 */
final class CachedAttention {
    private static final int CHUNK = RowTile.CHUNK;

    /** From so many new rows on, keys are transposed. */
    private static final int MANY_ROWS = 4;

    /** Rows of a tile, a multiple of those that the kernels of {@link Attention} take. */
    private static final int TILE = 64;

    private final Tensor qkv;
    private final CpuKvCache cache;
    private final int layer;
    private final CachedSequences sequences;
    private final Heads heads;
    private final Tensor y;
    private final int d;
    private final int padded;
    private final float scale;

    /** Items of the sequences before each; the last is the number of items. */
    private final int[] firstItem;

    /** Partial results of the sequences before each. */
    private final int[] firstPart;

    CachedAttention(Tensor qkv, CpuKvCache cache, int layer, CachedSequences sequences, Heads heads, Tensor y) {
        this.qkv = qkv;
        this.cache = cache;
        this.layer = layer;
        this.sequences = sequences;
        this.heads = heads;
        this.y = y;
        d = heads.size();
        padded = CpuLinear.roundUp(d, LANES);
        scale = (float) (1 / Math.sqrt(d));
        firstItem = new int[sequences.count() + 1];
        firstPart = new int[sequences.count() + 1];
        for (int b = 0; b < sequences.count(); b++) {
            int rows = sequences.rows(b);
            boolean many = rows >= MANY_ROWS;
            firstItem[b + 1] = firstItem[b] + heads.keys() * (many ? Math.ceilDiv(rows, TILE) : chunks(b));
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
                if (sequences.rows(b) >= MANY_ROWS) {
                    tile(worker, b, item % heads.keys(), item / heads.keys() * TILE);
                } else {
                    chunk(worker, b, item / chunks(b), item % chunks(b), parts);
                }
            }
        });
        shares.rows(sequences.count(), firstPart[sequences.count()] * partBytes(), (worker, from, to) -> {
            for (int b = from; b < to; b++) {
                if (sequences.rows(b) < MANY_ROWS) {
                    merge(worker, b, parts);
                }
            }
        });
        scratch.rewind(mark);
    }

    private int chunks(int b) {
        return Math.ceilDiv(sequences.contexts()[b], CHUNK);
    }

    /** Read, as far as the decision to wake the team is concerned. */
    private long bytes() {
        long tokens = 0;
        for (int b = 0; b < sequences.count(); b++) {
            tokens += (long) sequences.contexts()[b] * sequences.rows(b);
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

    /** Tokens that a new row sees. */
    private int visible(int b, int row) {
        return sequences.contexts()[b] - sequences.rows(b) + row + 1;
    }

    private void chunk(Worker worker, int b, int keyHead, int chunk, long parts) {
        Arena scratch = worker.scratch();
        Arena.Mark mark = scratch.mark();
        long q = scratch.allocate(4L * padded);
        long scores = scratch.allocate(4L * (CHUNK + LANES));
        for (int row = 0; row < sequences.rows(b); row++) {
            int tokens = Math.clamp(visible(b, row) - chunk * CHUNK, 0, CHUNK);
            for (int head = keyHead * heads.group(); head < (keyHead + 1) * heads.group(); head++) {
                long sum = part(parts, b, row, head) + chunk * partBytes();
                if (tokens == 0) {
                    // The last rows alone reach into this chunk: nothing, with a weight of nothing.
                    Ram.fill(sum, 4L * padded, (byte) 0);
                    Ram.setFloat(sum + 4L * padded, Float.NEGATIVE_INFINITY);
                    Ram.setFloat(sum + 4L * padded + 4, 0);
                } else {
                    Rows.convert(qkv.dtype(), query(b, row, head), DType.F32, q, d);
                    Ram.fill(q + 4L * d, 4L * (padded - d), (byte) 0);
                    one(b, keyHead, chunk, tokens, q, scores, sum);
                }
            }
        }
        scratch.rewind(mark);
    }

    /** One query over the first {@code tokens} of a chunk. */
    private void one(int b, int keyHead, int chunk, int tokens, long q, long scores, long sum) {
        boolean wide = cache.dtype() == DType.F32;
        long rowBytes = cache.rowBytes();
        for (int done = 0; done < tokens; ) {
            int run = Math.min(run(chunk * CHUNK + done), tokens - done);
            long keys = key(b, keyHead, chunk * CHUNK + done);
            if (wide) {
                CacheKernels.dotsF32(q, keys, rowBytes, run, d, scores + 4L * done);
            } else {
                CacheKernels.dotsBf16(q, keys, rowBytes, run, d, scores + 4L * done);
            }
            done += run;
        }
        CacheKernels.exponentials(scores, tokens, CpuLinear.roundUp(tokens, LANES), scale, sum + 4L * padded);
        Ram.fill(sum, 4L * padded, (byte) 0);
        for (int done = 0; done < tokens; ) {
            int run = Math.min(run(chunk * CHUNK + done), tokens - done);
            long values = key(b, keyHead, chunk * CHUNK + done) + cache.toValues();
            if (wide) {
                CacheKernels.mixF32(scores + 4L * done, values, rowBytes, run, d, sum);
            } else {
                CacheKernels.mixBf16(scores + 4L * done, values, rowBytes, run, d, sum);
            }
            done += run;
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
                    float weight = (float) Math.exp(Ram.getFloat(part + 4L * padded) - max);
                    total += weight * Ram.getFloat(part + 4L * padded + 4);
                    RowKernels.addScaled(part, weight, sum, padded);
                }
                RowKernels.scale(1 / total, sum, padded);
                Rows.convert(DType.F32, sum, y.dtype(), result(b, row, head), d);
            }
        }
        worker.scratch().rewind(mark);
    }

    /** Some rows of a sequence, all query heads of one key head, chunk by chunk of what the last of the rows sees. */
    private void tile(Worker worker, int b, int keyHead, int firstRow) {
        Arena scratch = worker.scratch();
        Arena.Mark mark = scratch.mark();
        int rows = Math.min(TILE, sequences.rows(b) - firstRow);
        int firstHead = keyHead * heads.group();
        int states = heads.group() * rows;
        long queries = scratch.allocate(4L * states * d);
        long sums = scratch.allocate(4L * states * padded);
        long statistics = scratch.allocate(8L * states);
        Ram.fill(sums, 4L * states * padded, (byte) 0);
        for (int s = 0; s < states; s++) {
            long q = query(b, firstRow + s % rows, firstHead + s / rows);
            Rows.convert(qkv.dtype(), q, DType.F32, queries + 4L * s * d, d);
            Ram.setFloat(statistics + 8L * s, Float.NEGATIVE_INFINITY);
            Ram.setFloat(statistics + 8L * s + 4, 0);
        }
        RowTile tile = new RowTile(scratch, d, padded, scale);
        int seen = visible(b, firstRow + rows - 1);
        for (int start = 0; start < seen; start += CHUNK) {
            int tokens = Math.min(CHUNK, seen - start);
            for (int j = 0; j < tokens; j++) {
                long key = key(b, keyHead, start + j);
                tile.put(j, cache.dtype(), key, key + cache.toValues());
            }
            for (int s = 0, count; s < states; s += count) {
                int row = s % rows;
                count = Math.min(RowTile.ROWS, rows - row);
                int sees = visible(b, firstRow + row) - start;
                tile.run(queries + 4L * s * d, count, sees, tokens, sums + 4L * s * padded, statistics + 8L * s);
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
