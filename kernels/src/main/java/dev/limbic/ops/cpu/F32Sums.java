package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.StreamKernels.COLUMNS;
import static dev.limbic.ops.cpu.StreamKernels.LANE_BYTES;
import static dev.limbic.ops.cpu.StreamKernels.SUM_BYTES;
import static org.bytedeco.dnnl.global.dnnl.dnnl_BA16a64b;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;

import dev.limbic.ops.Precision;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * Sums of f32 products in the order in which oneDNN adds them: one behind the other within a window of K, then window by window.
 * oneDNN 3.11 takes windows of 1024, with AVX-512 of 512 up to a K of 1024; which it is on this processor, if any, is tried
 * once for each K.
 */
final class F32Sums {
    private static final int[] WINDOWS = {1024, 512};
    private static final int NONE = 0;

    /** Rows of the smallest plan. */
    private static final int ROWS = CpuLinear.planned(1);

    private static final Map<Integer, Integer> FOUND = new ConcurrentHashMap<>();

    private F32Sums() {}

    /**
     * One row and one block of columns, or two where a vector has 16 lanes; see {@link StreamKernels#f32Row}.
     *
     * @param window as {@link #window} says
     * @param part f32 [128], scratch
     */
    static void row(long x, long w, long next, int n, int window, long y, long part) {
        StreamKernels.f32Row(x, w, next, Math.min(window, n), y);
        for (int k = window; k < n; k += window) {
            long at = (long) k * COLUMNS * LANE_BYTES;
            StreamKernels.f32Row(x + 4L * k, w + at, next + at, Math.min(window, n - k), part);
            RowKernels.add(part, y, 8 * VectorMath.LANES);
        }
    }

    /** What lies four vectors further in a block; of wide vectors that is the block itself once more. */
    static long next(long w) {
        return VectorMath.LANES == 8 ? w + SUM_BYTES / 2 : w;
    }

    /** Whether oneDNN gives the bits of {@link #row} for rows of so many elements. */
    static boolean areOneDnns(int in) {
        return window(in) != NONE;
    }

    /** The window with which it does. */
    static int window(int in) {
        return FOUND.computeIfAbsent(
                in,
                k -> Arrays.stream(WINDOWS)
                        .filter(window -> areOneDnns(k, window))
                        .findFirst()
                        .orElse(NONE));
    }

    /** Compares random rows to the last bit. */
    static boolean areOneDnns(int in, int window) {
        MatmulPlan.Key key = MatmulPlan.Key.product(ROWS, in, COLUMNS, COLUMNS, Precision.F32, MatmulPlan.Order.BLOCKS);
        dnnl_memory_desc layout = MatmulPlan.weightDesc(key, dnnl_BA16a64b);
        try (MatmulPlan plan = new MatmulPlan(key, layout);
                Arena memory = Arena.ofConfined()) {
            Random random = new Random(in);
            long x = normal(random, memory, ROWS * in);
            long w = normal(random, memory, CpuLinear.roundUp(in, 16) * COLUMNS);
            Ram.fill(w + in * SUM_BYTES, (CpuLinear.roundUp(in, 16) - in) * SUM_BYTES, (byte) 0);
            long theirs = Bf16Sums.zeros(memory, ROWS * SUM_BYTES);
            plan.execute(x, w, theirs, 0, 0, Bf16Sums.zeros(memory, plan.scratchpadBytes()));
            long ours = Bf16Sums.zeros(memory, 2 * SUM_BYTES);
            long part = Bf16Sums.zeros(memory, 2 * SUM_BYTES);
            for (int r = 0; r < ROWS; r++) {
                row(x + 4L * r * in, w, next(w), in, window, ours, part);
                for (int i = 0; i < COLUMNS; i++) {
                    if (Ram.getFloat(ours + 4L * i) != Ram.getFloat(theirs + r * SUM_BYTES + 4L * i)) {
                        return false;
                    }
                }
            }
            return true;
        } finally {
            dnnl_memory_desc_destroy(layout);
        }
    }

    private static long normal(Random random, Arena memory, int n) {
        long address = Bf16Sums.zeros(memory, 4L * n);
        for (int i = 0; i < n; i++) {
            Ram.setFloat(address + 4L * i, (float) random.nextGaussian());
        }
        return address;
    }
}
