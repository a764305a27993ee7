package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;

/**
 * Attention of one head over one long sequence, all rows of which see all of it: queries, keys and values are gathered from
 * where they lie, products are oneDNN's, with sums in f32. Sizes are rounded up, to make do with few plans.
 *
 * <p>Weights of values of bf16 are rounded to bf16, their sum is that of the unrounded ones. Rejected: what rounding leaves as
 * weights of its own, beside values that stand there twice; as exact as f32, and slower by half.
 */
final class AttentionProducts {
    /** From so many rows on this is faster than {@link Attention#head}. */
    private static final int LEAST = 64;

    /** Rows and columns of products come in multiples of so many bytes: that many fit registers or tiles. */
    private static final int UNIT_BYTES = 64;

    /** Most scores of a product: they and their weights stay in the second-level cache. */
    private static final int SCORES = 1 << 16;

    private AttentionProducts() {}

    /** Whether a sequence is better off here. */
    static boolean takes(int length, boolean causal) {
        return !causal && length >= LEAST;
    }

    /** See {@link Attention#head}. */
    static void head(
            Worker worker,
            DType type,
            long q,
            long k,
            long v,
            long rowBytes,
            int length,
            int d,
            long out,
            long outRowBytes) {
        Arena scratch = worker.scratch();
        Arena.Mark mark = scratch.mark();
        int unit = UNIT_BYTES / type.bytes();
        int columns = CpuLinear.roundUp(length, unit);
        int most = Math.min(columns, CpuLinear.roundUp(Math.ceilDiv(SCORES, columns), unit));
        long width = (long) d * type.bytes();
        long keys = gathered(scratch, k, rowBytes, length, columns, width);
        long values = gathered(scratch, v, rowBytes, length, columns, width);
        long scores = scratch.allocate(4L * most * columns);
        long weights = type == DType.F32 ? scores : scratch.allocate((long) type.bytes() * most * columns);
        long mixed = scratch.allocate(4L * most * d);
        long statistics = scratch.allocate(8L * most);
        float scale = (float) (1 / Math.sqrt(d));
        for (int first = 0; first < length; first += most) {
            int rows = Math.min(most, length - first);
            int planned = CpuLinear.roundUp(rows, unit);
            Arena.Mark before = scratch.mark();
            long queries = gathered(scratch, q + first * rowBytes, rowBytes, rows, planned, width);
            multiply(worker, type, queries, keys, scores, planned, d, columns, MatmulPlan.Order.COLUMNS);
            for (int r = 0; r < rows; r++) {
                long row = scores + 4L * r * columns;
                if (type == DType.F32) {
                    CacheKernels.weightsF32(row, row, length, columns, scale, statistics + 8L * r);
                } else {
                    long target = weights + (long) r * columns * type.bytes();
                    CacheKernels.weightsBf16(row, target, length, columns, scale, statistics + 8L * r);
                }
            }
            multiply(worker, type, weights, values, mixed, planned, columns, d, MatmulPlan.Order.ROWS);
            divided(type, mixed, statistics, rows, d, out + first * outRowBytes, outRowBytes);
            scratch.rewind(before);
        }
        scratch.rewind(mark);
    }

    /** Rows behind one another, and zeros behind them. */
    private static long gathered(Arena scratch, long from, long rowBytes, int rows, int room, long width) {
        long to = scratch.allocate(room * width);
        for (int r = 0; r < rows; r++) {
            Ram.copy(from + r * rowBytes, to + r * width, width);
        }
        Ram.fill(to + rows * width, (room - rows) * width, (byte) 0);
        return to;
    }

    private static void multiply(
            Worker worker, DType type, long x, long w, long y, int rows, int in, int out, MatmulPlan.Order order) {
        Precision precision = type == DType.F32 ? Precision.F32 : Precision.BF16;
        MatmulPlan plan = worker.plans()
                .get(new MatmulPlan.Key(rows, in, out, out, precision, DType.F32, Activation.NONE, false, order), null);
        Arena.Mark mark = worker.scratch().mark();
        plan.execute(x, w, y, 0, 0, worker.scratch().allocate(plan.scratchpadBytes()));
        worker.scratch().rewind(mark);
    }

    /**
     * out[r] = x[r] / the sum of the row's weights.
     *
     * @param x f32 [rows, n]
     * @param statistics of each row the maximum and the sum, two f32
     * @param out of the type, rows that lie {@code outRowBytes} apart
     */
    private static void divided(DType type, long x, long statistics, int rows, int n, long out, long outRowBytes) {
        if (type == DType.F32) {
            dividedF32(x, statistics, rows, n, out, outRowBytes);
        } else {
            dividedBf16(x, statistics, rows, n, out, outRowBytes);
        }
        int whole = n - n % LANES;
        for (int r = 0; r < rows && whole < n; r++) {
            float factor = 1 / Ram.getFloat(statistics + 8L * r + 4);
            for (int i = whole; i < n; i++) {
                long target = out + r * outRowBytes + (long) i * type.bytes();
                float value = Ram.getFloat(x + 4L * ((long) r * n + i)) * factor;
                if (type == DType.F32) {
                    Ram.setFloat(target, value);
                } else {
                    Ram.setShort(target, Rows.bf16(value));
                }
            }
        }
    }

    private static void dividedF32(long x, long statistics, int rows, int n, long out, long outRowBytes) {
        for (int r = 0; r < rows; r++) {
            float factor = 1 / Ram.getFloat(statistics + 8L * r + 4);
            long from = x + 4L * r * n;
            long to = out + r * outRowBytes;
            for (int i = 0; i <= n - LANES; i += LANES) {
                load(from + 4L * i).mul(factor).intoMemorySegment(Ram.ALL, to + 4L * i, Ram.ORDER);
            }
        }
    }

    private static void dividedBf16(long x, long statistics, int rows, int n, long out, long outRowBytes) {
        for (int r = 0; r < rows; r++) {
            float factor = 1 / Ram.getFloat(statistics + 8L * r + 4);
            long from = x + 4L * r * n;
            long to = out + r * outRowBytes;
            for (int i = 0; i <= n - LANES; i += LANES) {
                Rows.narrowed(load(from + 4L * i).mul(factor)).intoMemorySegment(Ram.ALL, to + 2L * i, Ram.ORDER);
            }
        }
    }
}
