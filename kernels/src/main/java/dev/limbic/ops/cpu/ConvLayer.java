package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * The weights of a convolution or a transposed one, and how it is computed. Which layout oneDNN likes best depends on the size of the pictures: they are packed when the
 * first ones come, at warm-up, and again where others want another layout.
 */
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

    /** Weights of the output channels {@code from … to − 1} in one layout. */
    private record Packed(int from, int to, dnnl_memory_desc layout, long address) {}

    /** What slides, and how far. */
    record Sliding(Conv2d.Kernel kernel, int stride, int dilation, int groups, boolean transposed) {}

    private final Sliding sliding;
    private final Precision precision;
    private final ConvPlans plans;
    private final WeightMemory memory;
    private final int panelWidth;
    private final long bias;
    private final List<Packed> packed = new ArrayList<>();
    private final LinkedHashMap<ConvSchedule.Key, ConvSchedule> schedules = new LinkedHashMap<>(8, 0.75f, true);

    /** f32 as PyTorch stores them; given back as soon as they are packed. */
    private long plain;

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
        plain = HostMemory.INSTANCE.allocate((long) weight.length * Float.BYTES);
        Ram.copyFrom(weight, plain);
        panelWidth = panelWidth(weight.length);
    }

    /** Output channels of a panel; all of them where the weights are few. */
    private int panelWidth(int weights) {
        Conv2d.Kernel kernel = sliding.kernel;
        if (sliding.groups > 1 || sliding.transposed || weights < PANELED_WEIGHTS) {
            return kernel.out();
        }
        long bytes = (long) weights * precision.activations().bytes();
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
            if (plain != 0) {
                HostMemory.INSTANCE.free(plain);
                plain = 0;
            }
            if (schedules.size() > SCHEDULES) {
                Map.Entry<ConvSchedule.Key, ConvSchedule> eldest = schedules.firstEntry();
                schedules.remove(eldest.getKey());
                eldest.getValue().close();
            }
        }
        return schedule;
    }

    /** Address of the weights of some output channels, in the layout that the plan wants. */
    long weights(ConvPlan plan, int from, int to) {
        Packed source = null;
        for (Packed p : packed) {
            if (p.from == from && p.to == to) {
                if (dnnl_memory_desc_equal(p.layout, plan.weightLayout()) == 1) {
                    return p.address;
                }
                source = p;
            }
        }
        dnnl_memory_desc layout = new dnnl_memory_desc();
        OneDnn.check(dnnl_memory_desc_clone(layout, plan.weightLayout()), "dnnl_memory_desc_clone");
        long address = memory.allocate(dnnl_memory_desc_get_size(layout));
        packed.add(new Packed(from, to, layout, address));
        if (plain != 0) {
            Conv2d.Kernel kernel = sliding.kernel;
            dnnl_memory_desc rows = ConvPlan.plainWeights(plan.key());
            long perChannel = (long) kernel.in() / sliding.groups * kernel.height() * kernel.width() * Float.BYTES;
            Reorder.run(rows, plain + from * perChannel, layout, address);
            dnnl_memory_desc_destroy(rows);
        } else if (source != null) {
            Reorder.run(source.layout, source.address, layout, address);
        } else {
            throw new IllegalStateException("no weights of channels " + from + " to " + to + " are left to pack");
        }
        return address;
    }

    /** Bytes that the weights take in all their layouts; for tests. */
    long packedBytes() {
        return packed.stream()
                .mapToLong(p -> dnnl_memory_desc_get_size(p.layout))
                .sum();
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

    Precision precision() {
        return precision;
    }

    @Override
    public void close() {
        schedules.values().forEach(ConvSchedule::close);
        schedules.clear();
        packed.forEach(p -> dnnl_memory_desc_destroy(p.layout));
        packed.clear();
        if (plain != 0) {
            HostMemory.INSTANCE.free(plain);
            plain = 0;
        }
    }
}
