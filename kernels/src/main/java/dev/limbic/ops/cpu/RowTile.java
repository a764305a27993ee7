package dev.limbic.ops.cpu;

import dev.limbic.ops.Precision;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;

/**
 * Some rows of queries against a chunk of keys and values that it gathers from their blocks; what rows make of one chunk
 * is added to what they made of those before, rescaled to the greater of the maxima. Products are oneDNN's, with sums in
 * f32. Each of their sums is added in an order that does not depend on the other rows and columns, and what a row does not
 * see has a weight of zero: so a row has the same bits in each tile.
 */
final class RowTile {
    /** Most rows of a call. */
    static final int ROWS = 128;

    /** Tokens of a chunk. */
    static final int CHUNK = 256;

    /** Chunks are rounded up to so many tokens and rows to these, to make do with few plans. */
    private static final int TOKENS = 128;

    private static final int[] PLANNED_ROWS = {8, 16, 32, 64, ROWS};

    private final Worker worker;
    private final DType stored;
    private final DType type;
    private final int d;
    private final int padded;
    private final float scale;

    /** [CHUNK, d] each. */
    private final long keys;

    private final long values;

    /** f32 [rows, tokens], and in the type of products the weights that become of them. */
    private final long scores;

    private final long weights;

    /** f32 [ROWS, padded]. */
    private final long mixed;

    /** Maximum and sum of exponentials of each row, two f32. */
    private final long statistics;

    /** Tokens whose value is not finite: zero times that is NaN, so rows that do not see them must not meet them. */
    private int strangers;

    private final int[] strange = new int[CHUNK];

    /** f32 [CHUNK, padded], of these tokens. */
    private long strangeValues;

    /**
     * Memory is taken from the worker's scratch; the caller rewinds it.
     *
     * @param stored type of keys and values
     * @param type of the products, F32 or BF16
     */
    RowTile(Worker worker, DType stored, DType type, int d, int padded, float scale) {
        this.worker = worker;
        this.stored = stored;
        this.type = type;
        this.d = d;
        this.padded = padded;
        this.scale = scale;
        Arena scratch = worker.scratch();
        keys = scratch.allocate(CHUNK * rowBytes());
        values = scratch.allocate(CHUNK * rowBytes());
        scores = scratch.allocate(4L * ROWS * CHUNK);
        weights = type == DType.F32 ? scores : scratch.allocate((long) ROWS * CHUNK * type.bytes());
        mixed = scratch.allocate(4L * ROWS * padded);
        Ram.fill(mixed, 4L * ROWS * padded, (byte) 0);
        statistics = scratch.allocate(8L * ROWS);
    }

    private long rowBytes() {
        return (long) d * type.bytes();
    }

    /** Begins a chunk. */
    void clear() {
        strangers = 0;
    }

    /** Takes in tokens of the chunk from {@code j} on, which lie behind one another. */
    void put(int j, int tokens, long key, long value) {
        Rows.convert(stored, key, type, keys + j * rowBytes(), tokens * d);
        long target = values + j * rowBytes();
        Rows.convert(stored, value, type, target, tokens * d);
        if (!Rows.isFinite(type, target, tokens * d)) {
            for (int i = 0; i < tokens; i++) {
                long row = target + i * rowBytes();
                if (!Rows.isFinite(type, row, d)) {
                    putAside(j + i, row);
                }
            }
        }
    }

    private void putAside(int j, long row) {
        if (strangeValues == 0) {
            strangeValues = worker.scratch().allocate(4L * CHUNK * padded);
        }
        long aside = strangeValues + 4L * strangers * padded;
        Rows.convert(type, row, DType.F32, aside, d);
        Ram.fill(aside + 4L * d, 4L * (padded - d), (byte) 0);
        Ram.fill(row, rowBytes(), (byte) 0);
        strange[strangers++] = j;
    }

    /** Tells that no more tokens come: what lies behind them must not be read as numbers that are none. */
    void end(int tokens) {
        long room = (CpuLinear.roundUp(tokens, TOKENS) - tokens) * rowBytes();
        Ram.fill(keys + tokens * rowBytes(), room, (byte) 0);
        Ram.fill(values + tokens * rowBytes(), room, (byte) 0);
    }

    /**
     * Adds the chunk to what the rows made of earlier ones.
     *
     * @param q [rows, d] in the type of products, and readable memory for {@link #ROWS} rows
     * @param rows at most {@link #ROWS}
     * @param end the token of the chunk before which the first row stops to see, 0 or less if it sees none; each further
     *     row sees one more
     * @param window most tokens that a row sees, in this chunk and before it
     * @param tokens tokens of the chunk that are there
     * @param sums f32 [rows, padded], weighted sums of values so far, at first zero
     * @param state of each row the maximum so far and the sum of exponentials, two f32, at first minus infinity and zero
     */
    void run(long q, int rows, int end, int window, int tokens, long sums, long state) {
        int most = Math.min(end + rows - 1, tokens);
        if (most <= 0) {
            return;
        }
        int columns = CpuLinear.roundUp(most, TOKENS);
        int planned = MatmulPlan.plannedRows(rows, PLANNED_ROWS);
        multiply(q, keys, scores, planned, d, columns, columns, MatmulPlan.Order.COLUMNS);
        for (int r = 0; r < rows; r++) {
            int to = Math.clamp(end + r, 0, tokens);
            weigh(r, Math.clamp((long) end + r - window, 0, to), to, columns);
        }
        multiply(weights, values, mixed, planned, columns, d, padded, MatmulPlan.Order.ROWS);
        for (int r = 0; r < rows; r++) {
            int to = Math.clamp(end + r, 0, tokens);
            int from = Math.clamp((long) end + r - window, 0, to);
            if (from == to) {
                continue;
            }
            long row = mixed + 4L * r * padded;
            for (int i = 0; i < strangers; i++) {
                if (strange[i] >= from && strange[i] < to) {
                    float weight = Rows.get(type, weights + ((long) r * columns + strange[i]) * type.bytes());
                    RowKernels.addScaled(strangeValues + 4L * i * padded, weight, row, padded);
                }
            }
            join(statistics + 8L * r, row, state + 8L * r, sums + 4L * r * padded);
        }
    }

    /** Weights of the tokens that a row sees, and zeros. */
    private void weigh(int r, int from, int to, int columns) {
        long row = scores + 4L * r * columns;
        long target = weights + (long) r * columns * type.bytes();
        if (from == to) {
            Ram.fill(target, (long) columns * type.bytes(), (byte) 0);
            return;
        }
        for (int j = 0; j < from; j++) {
            Ram.setFloat(row + 4L * j, Float.NEGATIVE_INFINITY);
        }
        if (type == DType.F32) {
            CacheKernels.weightsF32(row, target, to, columns, scale, statistics + 8L * r);
        } else {
            CacheKernels.weightsBf16(row, target, to, columns, scale, statistics + 8L * r);
        }
        // What lies before the window has the least weight there is, which is not yet zero.
        Ram.fill(target, (long) from * type.bytes(), (byte) 0);
    }

    private void multiply(long x, long w, long y, int rows, int in, int out, int outStride, MatmulPlan.Order order) {
        Precision precision = type == DType.F32 ? Precision.F32 : Precision.BF16;
        MatmulPlan plan = worker.plans().get(MatmulPlan.Key.product(rows, in, out, outStride, precision, order), null);
        Arena.Mark mark = worker.scratch().mark();
        plan.execute(x, w, y, 0, 0, worker.scratch().allocate(plan.scratchpadBytes()));
        worker.scratch().rewind(mark);
    }

    /** Adds one chunk's maximum, sum of exponentials and values to those so far. */
    private void join(long chunk, long chunkSum, long state, long sum) {
        float before = Ram.getFloat(state);
        float now = Ram.getFloat(chunk);
        float max = Math.max(before, now);
        float keep = VectorMath.exp2(before - max);
        float take = VectorMath.exp2(now - max);
        RowKernels.scale(keep, sum, padded);
        RowKernels.addScaled(chunkSum, take, sum, padded);
        Ram.setFloat(state, max);
        Ram.setFloat(state + 4, keep * Ram.getFloat(state + 4) + take * Ram.getFloat(chunk + 4));
    }
}
