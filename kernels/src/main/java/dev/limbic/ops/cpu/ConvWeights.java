package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.limbic.tensor.DType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * The weights of a convolution in the layouts that its plans want. Which layout oneDNN likes best depends on the size of the
 * pictures: they are packed when the first ones come, at warm-up, and again where others want another layout.
 *
 * <p>Rounded to 8 bits they stay as they were rounded, and all layouts come from that, those of other types too: what is
 * computed does not depend on what came first. Safe for several threads.
 */
final class ConvWeights implements AutoCloseable {
    /** Weights of the output channels {@code from … to − 1} in the layout of plans like that. */
    private record Packed(ConvPlan.Key key, int from, int to, dnnl_memory_desc layout, long address) {}

    private final int perChannel;
    private final WeightMemory memory;
    private final List<Packed> packed = new ArrayList<>();

    /** f32 [O, K] as PyTorch stores them; given back as soon as they are packed. */
    private long plain;

    /** i8 [O, K] if rounded, else 0. */
    private final long rounded;

    /** f32 [O] if rounded, else 0. */
    private final long scales;

    /**
     * @param weight [out, K], row-major
     * @param rounds whether they are rounded to 8 bits
     */
    ConvWeights(float[] weight, int out, boolean rounds, WeightMemory memory) {
        this.memory = memory;
        perChannel = weight.length / out;
        if (rounds) {
            QuantisedWeights weights = QuantisedWeights.of(weight, out);
            rounded = memory.allocate(weight.length);
            Ram.copyFrom(weights.values(), rounded);
            scales = CpuLinear.floats(weights.scales(), memory);
        } else {
            rounded = 0;
            scales = 0;
            plain = HostMemory.INSTANCE.allocate((long) weight.length * Float.BYTES);
            Ram.copyFrom(weight, plain);
        }
    }

    /** Address of the weights of some output channels, in the layout that the plan wants. */
    synchronized long of(ConvPlan plan, int from, int to) {
        for (Packed p : packed) {
            if (p.from == from && p.to == to && dnnl_memory_desc_equal(p.layout, plan.weightLayout()) == 1) {
                return p.address;
            }
        }
        dnnl_memory_desc layout = new dnnl_memory_desc();
        OneDnn.check(dnnl_memory_desc_clone(layout, plan.weightLayout()), "dnnl_memory_desc_clone");
        long address = memory.allocate(dnnl_memory_desc_get_size(layout));
        if (rounded != 0 && plan.key().input() == DType.I8) {
            pack(plan, DType.I8, rounded + (long) from * perChannel, layout, address);
        } else {
            try (Arena host = Arena.ofConfined()) {
                pack(plan, DType.F32, floats(from, to, host), layout, address);
            }
        }
        packed.add(new Packed(plan.key(), from, to, layout, address));
        return address;
    }

    /** All of them, [O, K]. */
    synchronized float[] values(int out) {
        float[] values = new float[out * perChannel];
        try (Arena host = Arena.ofConfined()) {
            Ram.copyTo(floats(0, out, host), values);
        }
        return values;
    }

    /** The channels {@code from … to − 1}, f32 [to − from, K]. */
    private long floats(int from, int to, Arena host) {
        if (rounded != 0) {
            return meaning(from, to, host);
        }
        return plain != 0 ? plain + (long) from * perChannel * Float.BYTES : unpacked(from, to, host);
    }

    /** What other layouts hold of the channels {@code from … to − 1}, f32 [to − from, K]. */
    private long unpacked(int from, int to, Arena host) {
        long rowBytes = (long) perChannel * Float.BYTES;
        long floats = host.allocate((to - from) * rowBytes, Float.BYTES).address();
        for (int done = from; done < to; ) {
            Packed source = holding(done);
            long rows = host.allocate((source.to - source.from) * rowBytes, Float.BYTES)
                    .address();
            dnnl_memory_desc inOrder = ConvPlan.plainWeights(source.key, DType.F32);
            Reorder.run(source.layout, source.address, inOrder, rows);
            dnnl_memory_desc_destroy(inOrder);
            int end = Math.min(to, source.to);
            Ram.copy(
                    rows + (done - source.from) * rowBytes, floats + (done - from) * rowBytes, (end - done) * rowBytes);
            done = end;
        }
        return floats;
    }

    private Packed holding(int channel) {
        return packed.stream()
                .filter(p -> p.from <= channel && channel < p.to)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no weights of channel " + channel + " are left"));
    }

    /** What the integers of the channels {@code from … to − 1} stand for, f32 [to − from, K]. */
    private long meaning(int from, int to, Arena host) {
        long floats = host.allocate((long) (to - from) * perChannel * Float.BYTES, Float.BYTES)
                .address();
        for (int n = from; n < to; n++) {
            float scale = Ram.getFloat(scales + (long) n * Float.BYTES);
            for (int k = 0; k < perChannel; k++) {
                byte value = Ram.getByte(rounded + (long) n * perChannel + k);
                Ram.setFloat(floats + ((long) (n - from) * perChannel + k) * Float.BYTES, value * scale);
            }
        }
        return floats;
    }

    private static void pack(ConvPlan plan, DType type, long rows, dnnl_memory_desc layout, long address) {
        dnnl_memory_desc inOrder = ConvPlan.plainWeights(plan.key(), type);
        Reorder.run(inOrder, rows, layout, address);
        dnnl_memory_desc_destroy(inOrder);
    }

    /** All output channels are packed in some layout: others come from that. */
    synchronized void settle() {
        if (plain != 0) {
            HostMemory.INSTANCE.free(plain);
            plain = 0;
        }
    }

    /** f32 [O]; 0 if the weights are not rounded. */
    long scales() {
        return scales;
    }

    @Override
    public void close() {
        packed.forEach(p -> dnnl_memory_desc_destroy(p.layout));
        packed.clear();
        settle();
    }
}
