package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;

import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;

/**
 * A few rows of queries against a chunk of keys and values, which it holds widened to f32, the keys transposed; what
 * rows make of one chunk is added to what they made of those before, rescaled to the greater of the maxima.
 */
final class RowTile {
    /** Rows that the kernels of {@link Attention} take at once. */
    static final int ROWS = 4;

    /** Tokens of a chunk: with 64 columns of bf16, its keys and values are 64 kB. */
    static final int CHUNK = 256;

    /** Columns that the kernel of {@link Attention} takes at once. */
    private static final int GROUP = 2 * LANES;

    private final int d;
    private final int padded;
    private final float scale;

    /** f32 [CHUNK / GROUP, d, GROUP]: what a kernel reads lies in one piece, and evenly in the first-level cache. */
    private final long keys;

    /** f32 [CHUNK, padded]. */
    private final long values;

    /** f32 [ROWS, CHUNK]. */
    private final long scores;

    /** f32 [ROWS, padded]. */
    private final long mixed;

    private final long wide;

    /** Maximum and sum of exponentials of each row, two f32. */
    private final long statistics;

    /** Memory is taken from {@code scratch}; the caller rewinds it. */
    RowTile(Arena scratch, int d, int padded, float scale) {
        this.d = d;
        this.padded = padded;
        this.scale = scale;
        keys = scratch.allocate(4L * d * CHUNK);
        values = scratch.allocate(4L * CHUNK * padded);
        scores = scratch.allocate(4L * ROWS * CHUNK);
        mixed = scratch.allocate(4L * ROWS * padded);
        wide = scratch.allocate(4L * padded);
        statistics = scratch.allocate(8L * ROWS);
    }

    /** Takes in token {@code j} of the chunk. */
    void put(int j, DType type, long key, long value) {
        long row = Rows.read(type, key, d, wide);
        long column = keys + 4L * ((long) (j / GROUP) * d * GROUP + j % GROUP);
        for (int c = 0; c < d; c++) {
            Ram.setFloat(column + 4L * c * GROUP, Ram.getFloat(row + 4L * c));
        }
        long target = values + 4L * j * padded;
        Rows.convert(type, value, DType.F32, target, d);
        Ram.fill(target + 4L * d, 4L * (padded - d), (byte) 0);
    }

    /**
     * Adds the chunk to what the rows made of earlier ones.
     *
     * @param q f32 [rows, d]
     * @param rows at most {@link #ROWS}
     * @param first tokens of the chunk that the first row sees, 0 or less if none; each further row sees one more
     * @param tokens tokens of the chunk that are there
     * @param sums f32 [rows, padded], weighted sums of values so far
     * @param state of each row the maximum so far and the sum of exponentials, two f32
     */
    void run(long q, int rows, int first, int tokens, long sums, long state) {
        int most = Math.min(first + rows - 1, tokens);
        if (most <= 0) {
            return;
        }
        scores(q, rows, CpuLinear.roundUp(most, LANES));
        // What all rows see is mixed at once, the rest row by row: a value that a row does not see may be NaN.
        int common = Math.clamp(first, 0, tokens);
        for (int r = 0; r < rows; r++) {
            int sees = Math.min(first + r, tokens);
            if (sees > 0) {
                long row = scores + 4L * r * CHUNK;
                CacheKernels.exponentials(row, sees, CpuLinear.roundUp(sees, LANES), scale, statistics + 8L * r);
            }
        }
        mix(common);
        for (int r = 0; r < rows; r++) {
            int sees = Math.min(first + r, tokens);
            for (int j = common; j < sees; j++) {
                float weight = Ram.getFloat(scores + 4L * (r * CHUNK + j));
                RowKernels.addScaled(values + 4L * j * padded, weight, mixed + 4L * r * padded, padded);
            }
            if (sees > 0) {
                join(statistics + 8L * r, mixed + 4L * r * padded, state + 8L * r, sums + 4L * r * padded);
            }
        }
    }

    private void scores(long q, int rows, int columns) {
        // Rows past the end repeat the last one; nobody reads their results.
        long q1 = q + 4L * Math.min(1, rows - 1) * d;
        long q2 = q + 4L * Math.min(2, rows - 1) * d;
        long q3 = q + 4L * Math.min(3, rows - 1) * d;
        int c = 0;
        for (; c + GROUP <= columns; c += GROUP) {
            Attention.scores2(q, q1, q2, q3, keys + 4L * c * d, 4L * GROUP, d, scores + 4L * c, 4L * CHUNK);
        }
        if (c < columns) {
            Attention.scores1(q, q1, q2, q3, keys + 4L * c * d, 4L * GROUP, d, scores + 4L * c, 4L * CHUNK);
        }
    }

    private void mix(int tokens) {
        int c = 0;
        for (; c + 2 * LANES <= padded; c += 2 * LANES) {
            Attention.mix2(scores, 4L * CHUNK, values + 4L * c, 4L * padded, tokens, mixed + 4L * c, 4L * padded);
        }
        if (c < padded) {
            Attention.mix1(scores, 4L * CHUNK, values + 4L * c, 4L * padded, tokens, mixed + 4L * c, 4L * padded);
        }
    }

    /** Adds one chunk's maximum, sum of exponentials and values to those so far. */
    private void join(long chunk, long chunkSum, long state, long sum) {
        float before = Ram.getFloat(state);
        float now = Ram.getFloat(chunk);
        float max = Math.max(before, now);
        float keep = (float) Math.exp(before - max);
        float take = (float) Math.exp(now - max);
        RowKernels.scale(keep, sum, padded);
        RowKernels.addScaled(chunkSum, take, sum, padded);
        Ram.setFloat(state, max);
        Ram.setFloat(state + 4, keep * Ram.getFloat(state + 4) + take * Ram.getFloat(chunk + 4));
    }
}
