package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.DType;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

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

    /** What one thread does in a second, pessimistic by as much as waking another costs. */
    private static final double F32_OPERATIONS = 150e9;

    private static final double BF16_OPERATIONS = 1000e9;
    private static final double BYTES = 20e9;

    /** How something is computed; holds plans. */
    sealed interface Scheduled permits Single, ConvPairSchedule {
        void close();
    }

    /** How one convolution is. */
    sealed interface Single extends Scheduled permits ConvSchedule, WinogradSchedule {
        /**
         * Computes it.
         *
         * @param x address of the first row of the input
         * @param scales of quantised pictures, f32 [N]
         * @param y address of the first row of the result
         */
        void run(CpuEngine engine, long x, long scales, long y);
    }

    /** What slides, and how far. */
    record Sliding(Conv2d.Kernel kernel, int stride, int dilation, int groups, boolean transposed) {}

    private final Sliding sliding;
    private final Precision precision;
    private final ConvPlans plans;
    private final ConvWeights weights;
    private final int panelWidth;
    private final long bias;
    private final WeightMemory memory;
    private final Map<WinogradTile, WinogradWeights> tiled = new EnumMap<>(WinogradTile.class);
    private final LinkedHashMap<Object, Scheduled> schedules = new LinkedHashMap<>(8, 0.75f, true);

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
        this.memory = memory;
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
    Single schedule(ConvSchedule.Key key) {
        return (Single) kept(key, () -> {
            WinogradTile tile = WinogradTile.of(sliding, key.input(), key.type(), key.result());
            return tile == null ? new ConvSchedule(this, key) : new WinogradSchedule(this, tile, weights(tile), key);
        });
    }

    private WinogradWeights weights(WinogradTile tile) {
        Conv2d.Kernel kernel = sliding.kernel;
        return tiled.computeIfAbsent(
                tile, t -> new WinogradWeights(t, weights.values(kernel.out()), kernel.out(), kernel.in(), memory));
    }

    /** How they are where this convolution is the one of single pixels behind another. */
    ConvPairSchedule schedule(ConvPairSchedule.Key key) {
        return (ConvPairSchedule) kept(key, () -> new ConvPairSchedule(this, key));
    }

    /**
     * Threads that work on different pictures ask at the same time. What one of them goes on with is not closed by another: they
     * use few schedules, and those last.
     */
    private synchronized Scheduled kept(Object key, Supplier<Scheduled> make) {
        Scheduled schedule = schedules.get(key);
        if (schedule == null) {
            schedule = make.get();
            schedules.put(key, schedule);
            if (schedules.size() > SCHEDULES) {
                Map.Entry<Object, Scheduled> eldest = schedules.firstEntry();
                schedules.remove(eldest.getKey());
                eldest.getValue().close();
            }
        }
        return schedule;
    }

    /** What one thread takes for pictures of this size, roughly. */
    double seconds(DType input, DType type, Planes planes, Planes result) {
        Conv2d.Kernel kernel = sliding.kernel;
        double operations = 2.0
                * (sliding.transposed ? planes : result).rows()
                * kernel.out()
                * kernel.in()
                / sliding.groups
                * kernel.height()
                * kernel.width();
        double bytes = (double) planes.rows() * kernel.in() * input.bytes()
                + (double) result.rows() * kernel.out() * type.bytes();
        return operations / (input.bytes() <= 2 ? BF16_OPERATIONS : F32_OPERATIONS) + bytes / BYTES;
    }

    /**
     * What computes a slab, held for a caller that gives it back to {@link #plans}.
     *
     * @param input type of the pictures
     * @param type of the result
     * @param w pixels in a row of the input
     * @param outW pixels in a row of the result
     * @param left padding
     * @param channels of the result
     */
    ConvPlan plan(
            DType input,
            DType type,
            Slab slab,
            int w,
            int outW,
            int left,
            int channels,
            Activation activation,
            boolean residual) {
        return plans.hold(new ConvPlan.Key(
                input,
                type,
                slab.n(),
                slab.h(),
                w,
                sliding.kernel.in(),
                slab.outH(),
                outW,
                channels,
                sliding.kernel.height(),
                sliding.kernel.width(),
                sliding.stride,
                sliding.dilation,
                slab.top(),
                left,
                sliding.groups,
                sliding.transposed,
                activation,
                residual));
    }

    /** Whether it can be computed as it is: in the type of the pictures, with all output channels at once. */
    boolean isWhole(Planes planes) {
        return !rounds(planes) && panelWidth == sliding.kernel.out();
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
        schedules.values().forEach(Scheduled::close);
        schedules.clear();
        tiled.values().forEach(WinogradWeights::close);
        tiled.clear();
        weights.close();
    }
}
