package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.StreamKernels.COLUMNS;
import static dev.limbic.ops.cpu.StreamKernels.LANE_BYTES;
import static dev.limbic.ops.cpu.StreamKernels.SUM_BYTES;
import static org.bytedeco.dnnl.global.dnnl.dnnl_BA16a64b2a;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;

import dev.limbic.ops.Precision;
import dev.limbic.tensor.DType;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * Sums of bf16 products in the order in which oneDNN adds them: that of the processor's dot products within a window of
 * K, then window by window. The order was found by trying, on oneDNN 3.11 and AVX-512 BF16; whether it holds on this
 * processor too is tried once for each K.
 */
final class Bf16Sums {
    private static final int ELEMENTS_OF_LANE = 2;

    private static final Map<Integer, Boolean> TRIED = new ConcurrentHashMap<>();

    private Bf16Sums() {}

    /** Lanes of a window. */
    private static int window(int lanes) {
        return lanes <= 512 ? 256 : 512;
    }

    /**
     * One row and two blocks of columns.
     *
     * @param x f32 [2·lanes]
     * @param w bf16 [lanes, 64, 2]
     * @param next the same of the second block
     * @param y f32 [128], written
     * @param part f32 [128], scratch
     */
    static void row(long x, long w, long next, int lanes, long y, long part) {
        int window = window(lanes);
        StreamKernels.bf16Row(x, w, next, Math.min(window, lanes), y);
        for (int k = window; k < lanes; k += window) {
            long at = (long) k * COLUMNS * LANE_BYTES;
            StreamKernels.bf16Row(x + 8L * k, w + at, next + at, Math.min(window, lanes - k), part);
            RowKernels.add(part, y, 2 * COLUMNS);
        }
    }

    /**
     * Two rows and one block of columns.
     *
     * @param x f32 [2, stride bytes]
     * @param w bf16 [lanes, 64, 2]
     * @param y f32 [2, yStride bytes], of which 64 columns are written
     * @param part f32 [128], scratch
     */
    static void rows(long x, long stride, long w, int lanes, long y, long yStride, long part) {
        int window = window(lanes);
        StreamKernels.bf16Rows(x, stride, w, Math.min(window, lanes), y, yStride);
        for (int k = window; k < lanes; k += window) {
            long at = (long) k * COLUMNS * LANE_BYTES;
            StreamKernels.bf16Rows(x + 8L * k, stride, w + at, Math.min(window, lanes - k), part, SUM_BYTES);
            RowKernels.add(part, y, COLUMNS);
            RowKernels.add(part + SUM_BYTES, y + yStride, COLUMNS);
        }
    }

    /** Whether oneDNN gives the same bits for rows of so many elements. */
    static boolean areOneDnns(int in) {
        return TRIED.computeIfAbsent(in, k -> areOneDnns(k, Bf16Sums::rows));
    }

    /** {@link #rows}, in whichever order. */
    interface Order {
        void rows(long x, long stride, long w, int lanes, long y, long yStride, long part);
    }

    /**
     * Compares two random rows to the last bit.
     */
    static boolean areOneDnns(int in, Order ours) {
        int lanes = Math.ceilDiv(in, ELEMENTS_OF_LANE);
        int bf16 = DType.BF16.bytes();
        MatmulPlan.Key key = MatmulPlan.Key.product(2, in, COLUMNS, COLUMNS, Precision.BF16, MatmulPlan.Order.BLOCKS);
        dnnl_memory_desc layout = MatmulPlan.weightDesc(key, dnnl_BA16a64b2a);
        try (MatmulPlan plan = new MatmulPlan(key, layout);
                Arena memory = Arena.ofConfined()) {
            long x = zeros(memory, 2L * in * bf16);
            long w = zeros(memory, (long) CpuLinear.roundUp(lanes, 16) * COLUMNS * LANE_BYTES);
            Random random = new Random(in);
            for (int i = 0; i < 2 * in; i++) {
                Ram.setShort(x + (long) i * bf16, Rows.bf16((float) random.nextGaussian()));
            }
            for (int k = 0; k < in; k++) {
                for (int n = 0; n < COLUMNS; n++) {
                    Ram.setShort(weight(w, k, n), Rows.bf16((float) random.nextGaussian()));
                }
            }
            long theirs = zeros(memory, 2 * SUM_BYTES);
            plan.execute(x, w, theirs, 0, 0, zeros(memory, plan.scratchpadBytes()));

            long stride = 8L * lanes;
            long wide = zeros(memory, 2 * stride);
            Rows.convert(DType.BF16, x, DType.F32, wide, in);
            Rows.convert(DType.BF16, x + (long) in * bf16, DType.F32, wide + stride, in);
            long sums = zeros(memory, 2 * SUM_BYTES);
            long part = zeros(memory, 2 * SUM_BYTES);
            ours.rows(wide, stride, w, lanes, sums, SUM_BYTES, part);
            for (int i = 0; i < 2 * COLUMNS; i++) {
                if (Ram.getFloat(sums + 4L * i) != Ram.getFloat(theirs + 4L * i)) {
                    return false;
                }
            }
            return true;
        } finally {
            dnnl_memory_desc_destroy(layout);
        }
    }

    static long zeros(Arena memory, long bytes) {
        return memory.allocate(Math.max(1, bytes), 64).address();
    }

    private static long weight(long w, int k, int n) {
        int lane = k / ELEMENTS_OF_LANE;
        return w + (long) (lane * COLUMNS + n) * LANE_BYTES + (long) (k % ELEMENTS_OF_LANE) * DType.BF16.bytes();
    }
}
