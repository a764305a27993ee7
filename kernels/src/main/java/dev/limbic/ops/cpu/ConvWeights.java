package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.limbic.tensor.DType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a convolution in the layouts that its plans want. Which layout oneDNN likes best depends on the size of the
 * pictures: they are packed when the first ones come, at warm-up, and again where others want another layout.
 *
 * <p>Rounded to 8 bits they stay as they were rounded, and all layouts come from that, those of other types too: what is
 * computed does not depend on what came first.
 */
final class ConvWeights implements AutoCloseable {
    /** Weights of the output channels {@code from … to − 1}, rounded to a type, in one layout. */
    private record Packed(int from, int to, DType rounding, dnnl_memory_desc layout, long address) {}

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

    /**
     * Address of the weights of some output channels, in the layout that the plan wants.
     *
     * @param type of the result: in bf16 weights are rounded to that, also where bf16 is computed in f32
     */
    long of(ConvPlan plan, DType type, int from, int to) {
        DType rounding = plan.key().input() == DType.I8 ? DType.I8 : type;
        Packed source = null;
        for (Packed p : packed) {
            if (p.from == from && p.to == to) {
                if (p.rounding == rounding && dnnl_memory_desc_equal(p.layout, plan.weightLayout()) == 1) {
                    return p.address;
                }
                source = p;
            }
        }
        dnnl_memory_desc layout = new dnnl_memory_desc();
        OneDnn.check(dnnl_memory_desc_clone(layout, plan.weightLayout()), "dnnl_memory_desc_clone");
        long address = memory.allocate(dnnl_memory_desc_get_size(layout));
        if (rounding == DType.I8) {
            pack(plan, DType.I8, rounded + (long) from * perChannel, layout, address);
        } else {
            try (Arena host = Arena.ofConfined()) {
                long rows = inOrder(plan, from, to, source, host);
                boolean emulated = rounding == DType.BF16 && plan.key().input() == DType.F32;
                pack(plan, DType.F32, emulated ? round(rows, (to - from) * perChannel, host) : rows, layout, address);
            }
        }
        packed.add(new Packed(from, to, rounding, layout, address));
        return address;
    }

    /** The weights of some output channels as PyTorch stores them, f32 [to − from, K]. */
    private long inOrder(ConvPlan plan, int from, int to, @Nullable Packed source, Arena host) {
        if (plain != 0) {
            return plain + (long) from * perChannel * Float.BYTES;
        }
        int count = (to - from) * perChannel;
        long floats = host.allocate((long) count * Float.BYTES, Float.BYTES).address();
        if (rounded != 0) {
            for (int i = 0; i < count; i++) {
                float scale = Ram.getFloat(scales + (long) (from + i / perChannel) * Float.BYTES);
                Ram.setFloat(
                        floats + (long) i * Float.BYTES, Ram.getByte(rounded + (long) from * perChannel + i) * scale);
            }
        } else if (source != null) {
            dnnl_memory_desc inOrder = ConvPlan.plainWeights(plan.key(), DType.F32);
            Reorder.run(source.layout, source.address, inOrder, floats);
            dnnl_memory_desc_destroy(inOrder);
        } else {
            throw new IllegalStateException("no weights of channels " + from + " to " + to + " are left to pack");
        }
        return floats;
    }

    /** The same as numbers of bf16. */
    private static long round(long values, int count, Arena host) {
        long rounded = host.allocate((long) count * Float.BYTES, Float.BYTES).address();
        for (long at = 0; at < (long) count * Float.BYTES; at += Float.BYTES) {
            Ram.setFloat(rounded + at, Float.intBitsToFloat(Rows.bf16(Ram.getFloat(values + at)) << 16));
        }
        return rounded;
    }

    private static void pack(ConvPlan plan, DType type, long rows, dnnl_memory_desc layout, long address) {
        dnnl_memory_desc inOrder = ConvPlan.plainWeights(plan.key(), type);
        Reorder.run(inOrder, rows, layout, address);
        dnnl_memory_desc_destroy(inOrder);
    }

    /** All output channels are packed in some layout: others come from that. */
    void settle() {
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
