package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import dev.limbic.ops.Precision;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;

/**
 * Attention of neighbouring heads over one long sequence, all rows of which see all of it: queries, keys and values are gathered from
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

    /** Most of what is gathered: it stays in the second-level cache beside the scores. */
    private static final int GATHERED_BYTES = 512 << 10;

    /** So many items for each worker, or equal ones and as many for each: then all end at about the same time. */
    private static final int EVEN_ITEMS = 4;

    private AttentionProducts() {}

    /** Whether a sequence is better off here. */
    static boolean takes(int length, boolean causal) {
        return !causal && length >= LEAST;
    }

    /** How many neighbouring heads are best done in one go: a divisor of their number that leaves enough for every worker. */
    static int together(Sequences sequences, boolean causal, int heads, int d, DType type, int workers) {
        int longest = sequences.longest();
        if (!takes(longest, causal)) {
            return 1;
        }
        boolean even = sequences.count() * longest == sequences.tokens();
        long bytes = 3L * columns(type, longest) * d * type.bytes();
        for (int together = heads; together > 1; together--) {
            int items = heads / together * sequences.count();
            if (heads % together == 0
                    && together * bytes <= GATHERED_BYTES
                    && ((even && items % workers == 0) || items >= EVEN_ITEMS * workers)) {
                return together;
            }
        }
        return 1;
    }

    private static int columns(DType type, int length) {
        return CpuLinear.roundUp(length, UNIT_BYTES / type.bytes());
    }

    /**
     * Neighbouring heads, see {@link Attention#head}. Their rows are gathered together: what is read then lies behind one
     * another, where the rows of one head alone lie a page apart.
     *
     * @param q address of the first row of the first head's queries; k and v likewise
     */
    static void heads(
            Worker worker,
            DType type,
            long q,
            long k,
            long v,
            long rowBytes,
            int length,
            int heads,
            int d,
            long out,
            long outRowBytes) {
        Arena scratch = worker.scratch();
        Arena.Mark mark = scratch.mark();
        int columns = columns(type, length);
        long width = (long) d * type.bytes();
        long each = columns * width;
        long queries = gathered(scratch, q, rowBytes, length, columns, heads, width);
        long keys = gathered(scratch, k, rowBytes, length, columns, heads, width);
        long values = gathered(scratch, v, rowBytes, length, columns, heads, width);
        for (int h = 0; h < heads; h++) {
            head(
                    worker,
                    type,
                    queries + h * each,
                    keys + h * each,
                    values + h * each,
                    length,
                    d,
                    out + h * width,
                    outRowBytes);
        }
        scratch.rewind(mark);
    }

    private static void head(
            Worker worker,
            DType type,
            long queries,
            long keys,
            long values,
            int length,
            int d,
            long out,
            long outRowBytes) {
        Arena scratch = worker.scratch();
        Arena.Mark mark = scratch.mark();
        int unit = UNIT_BYTES / type.bytes();
        int columns = columns(type, length);
        int most = Math.min(columns, CpuLinear.roundUp(Math.ceilDiv(SCORES, columns), unit));
        long width = (long) d * type.bytes();
        long scores = scratch.allocate(4L * most * columns);
        long weights = type == DType.F32 ? scores : scratch.allocate((long) type.bytes() * most * columns);
        long mixed = scratch.allocate(4L * most * d);
        long statistics = scratch.allocate(8L * most);
        float scale = (float) (1 / Math.sqrt(d));
        for (int first = 0; first < length; first += most) {
            int rows = Math.min(most, length - first);
            int planned = CpuLinear.roundUp(rows, unit);
            multiply(
                    worker, type, queries + first * width, keys, scores, planned, d, columns, MatmulPlan.Order.COLUMNS);
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
        }
        scratch.rewind(mark);
    }

    /** Head after head, its rows behind one another and zeros behind them. */
    private static long gathered(Arena scratch, long from, long rowBytes, int rows, int room, int heads, long width) {
        long each = room * width;
        long to = scratch.allocate(heads * each);
        for (int r = 0; r < rows; r++) {
            for (int h = 0; h < heads; h++) {
                Ram.copy(from + r * rowBytes + h * width, to + h * each + r * width, width);
            }
        }
        for (int h = 0; h < heads; h++) {
            Ram.fill(to + h * each + rows * width, (room - rows) * width, (byte) 0);
        }
        return to;
    }

    private static void multiply(
            Worker worker, DType type, long x, long w, long y, int rows, int in, int out, MatmulPlan.Order order) {
        Precision precision = type == DType.F32 ? Precision.F32 : Precision.BF16;
        MatmulPlan plan = worker.plans().get(MatmulPlan.Key.product(rows, in, out, out, precision, order), null);
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
