package dev.limbic.ops.cpu;

import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import java.util.LinkedHashMap;
import java.util.Map;

/** A convolution or a transposed one, and how it is computed for pictures of each size. */
final class ConvLayer implements AutoCloseable {
    /** Sizes of pictures whose schedules are kept; the one unused for longest makes room. */
    private static final int SCHEDULES = 32;

    /**
     * From so many weights on they do not stay in the second-level cache beside the pictures: then each thread takes the
     * output channels of its panels, for all pictures.
     */
    private static final int PANELED_WEIGHTS = 1 << 20;

    private static final int PANEL_BYTES = 1 << 20;
    private static final int PANEL_ALIGNMENT = 64;

    /** Fewer channels do not fill a register of bytes, and rounding them costs more than their products. */
    private static final int FEWEST_ROUNDED = 16;

    /** So do the pixels of smaller pictures. */
    private static final int SMALLEST_ROUNDED = 16;

    /** What slides, and how far. */
    record Sliding(Conv2d.Kernel kernel, int stride, int dilation, int groups, boolean transposed) {}

    private final Sliding sliding;
    private final Precision precision;
    private final ConvPlans plans;
    private final ConvWeights weights;
    private final int panelWidth;
    private final long bias;
    private final LinkedHashMap<ConvSchedule.Key, ConvSchedule> schedules = new LinkedHashMap<>(8, 0.75f, true);

    /**
     * @param weight [O, I/groups, kH, kW], row-major, of a transposed convolution too
     * @param bias [O], zeros for none
     * @param memory where the weights go, closed by its owner after this
     */
    ConvLayer(
            Sliding sliding, float[] weight, float[] bias, Precision precision, ConvPlans plans, WeightMemory memory) {
        this.sliding = sliding;
        this.precision = precision;
        this.plans = plans;
        this.bias = CpuLinear.floats(bias, memory);
        weights = new ConvWeights(weight, sliding.kernel.out(), rounds(), memory);
        panelWidth = panelWidth(weight.length);
    }

    /** Whether its weights are rounded to 8 bits. */
    private boolean rounds() {
        return precision == Precision.INT8
                && sliding.groups == 1
                && !sliding.transposed
                && sliding.kernel.in() >= FEWEST_ROUNDED;
    }

    /** Whether pictures of this size are. */
    boolean rounds(Planes planes) {
        return rounds() && planes.pixels() >= SMALLEST_ROUNDED;
    }

    /** Output channels of a panel; all of them where the weights are few. */
    private int panelWidth(int weights) {
        Conv2d.Kernel kernel = sliding.kernel;
        if (sliding.groups > 1 || sliding.transposed || weights < PANELED_WEIGHTS) {
            return kernel.out();
        }
        long bytes = (long) weights * (rounds() ? 1 : precision.activations().bytes());
        int panels = CpuLinear.roundUp(Math.toIntExact(Math.ceilDiv(bytes, PANEL_BYTES)), plans.workers());
        int width = CpuLinear.roundUp(Math.ceilDiv(kernel.out(), panels), PANEL_ALIGNMENT);
        return Math.min(width, kernel.out());
    }

    /** How pictures are computed. */
    ConvSchedule schedule(ConvSchedule.Key key) {
        ConvSchedule schedule = schedules.get(key);
        if (schedule == null) {
            schedule = new ConvSchedule(this, key);
            schedules.put(key, schedule);
            weights.settle();
            if (schedules.size() > SCHEDULES) {
                Map.Entry<ConvSchedule.Key, ConvSchedule> eldest = schedules.firstEntry();
                schedules.remove(eldest.getKey());
                eldest.getValue().close();
            }
        }
        return schedule;
    }

    ConvWeights weights() {
        return weights;
    }

    ConvPlans plans() {
        return plans;
    }

    /** f32 [O]. */
    long bias() {
        return bias;
    }

    int panelWidth() {
        return panelWidth;
    }

    Sliding sliding() {
        return sliding;
    }

    @Override
    public void close() {
        schedules.values().forEach(ConvSchedule::close);
        schedules.clear();
        weights.close();
    }
}
