package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.jspecify.annotations.Nullable;

/**
 * Weights of a linear layer in oneDNN's blocked layout, cut along N into panels so that a product of few rows can be
 * shared out by columns and one of many rows by rows.
 */
final class CpuLinear implements Linear, AutoCloseable {
    /** Rows of one oneDNN call: its result stays in the second-level cache for what follows. */
    static final int BLOCK = 128;

    /**
     * Row counts for which plans exist; a call with another count is rounded up into the padding of its tensors. Not
     * fewer than four: oneDNN reads weights slower for one to three rows (by a fifth at two), and a single one it may
     * add in another order.
     */
    private static final int[] ROWS = {4, 6, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, BLOCK};

    /** What the int8 epilogue finds still in the second-level cache. */
    private static final int EPILOGUE_BYTES = 600 << 10;

    private static final int PANEL_ALIGNMENT = 64;

    /**
     * What becomes of a product and its bias.
     *
     * @param sum whether it is added to what is there already, before the activation
     */
    record Then(Activation activation, boolean sum) {
        static final Then NOTHING = new Then(Activation.NONE, false);
    }

    /** Columns {@code from … to − 1} of the result. */
    private record Panel(int from, int to, long weights, dnnl_memory_desc layout) {}

    private final int in;
    private final int out;
    private final Precision precision;
    private final boolean hasBias;
    private final int int8Block;
    private final List<Panel> panels = new ArrayList<>();
    private final @Nullable StreamedLinear streamed;

    /** f32 [N] each; scales and column sums (of the dequantised weights) only for int8. */
    private final long bias;

    private final long scales;
    private final long columnSums;

    /** i32 [N] for int8: 128 times the sum of a column's integers. */
    private final long offsets;

    /**
     * @param weight [out, in], row-major
     * @param bias [out], or empty for none
     * @param maxPanels at most so many panels
     * @param memory where the weights go, closed by its owner after this
     */
    CpuLinear(int in, int out, float[] weight, float[] bias, Precision precision, int maxPanels, WeightMemory memory) {
        this.in = in;
        this.out = out;
        this.precision = precision;
        this.hasBias = bias.length > 0;
        int cached = EPILOGUE_BYTES / Float.BYTES / out;
        this.int8Block = Math.clamp(CpuLinear.roundUp(cached, 16), 16, BLOCK);
        this.bias = hasBias ? floats(bias, memory) : 0;
        QuantisedWeights quantised = precision == Precision.INT8 ? QuantisedWeights.of(weight, out) : null;
        if (quantised != null) {
            scales = floats(quantised.scales(), memory);
            float[] dequantised = new float[out];
            offsets = memory.allocate((long) out * Integer.BYTES);
            for (int n = 0; n < out; n++) {
                int sum = quantised.sum(n);
                dequantised[n] = quantised.scales()[n] * sum;
                Ram.setInt(offsets + (long) n * Integer.BYTES, 128 * sum);
            }
            columnSums = floats(dequantised, memory);
        } else {
            scales = 0;
            columnSums = 0;
            offsets = 0;
        }
        int count = Math.clamp(out / PANEL_ALIGNMENT, 1, maxPanels);
        int width = roundUp((out + count - 1) / count, count == 1 ? 1 : PANEL_ALIGNMENT);
        for (int from = 0; from < out; from += width) {
            panels.add(pack(from, Math.min(out, from + width), weight, quantised, memory));
        }
        streamed = panels.stream().allMatch(this::inBlocks) ? streamed() : null;
    }

    /** Whether {@link StreamKernels} can read the blocks that oneDNN chose. */
    private boolean inBlocks(Panel panel) {
        int lanes = VectorMath.LANES;
        if (lanes != 16 && (lanes != 8 || precision != Precision.F32)) {
            return false;
        }
        int blocks = switch (precision) {
            case F32 -> dnnl_BA16a64b;
            case INT8 -> dnnl_BA16a64b4a;
            case BF16, F16 -> dnnl_BA16a64b2a;
        };
        dnnl_memory_desc wanted = MatmulPlan.weightDesc(key(BLOCK, panel.to - panel.from, Then.NOTHING), blocks);
        boolean same = dnnl_memory_desc_equal(wanted, panel.layout) == 1;
        dnnl_memory_desc_destroy(wanted);
        return same;
    }

    private StreamedLinear streamed() {
        long[] weights = panels.stream().mapToLong(Panel::weights).toArray();
        int[] bounds = IntStream.concat(panels.stream().mapToInt(Panel::from), IntStream.of(out))
                .toArray();
        return new StreamedLinear(in, out, precision, weights, bounds, bias, scales, columnSums, offsets);
    }

    /** The same layer for few rows, or null if the weights do not lie as that needs. */
    @Nullable
    StreamedLinear forFewRows() {
        return streamed;
    }

    private Panel pack(int from, int to, float[] weight, @Nullable QuantisedWeights quantised, WeightMemory memory) {
        MatmulPlan.Key key = key(BLOCK, to - from, Then.NOTHING);
        try (MatmulPlan plan = new MatmulPlan(key, null);
                java.lang.foreign.Arena host = java.lang.foreign.Arena.ofConfined()) {
            MemorySegment source = quantised != null
                    ? quantised.rows(from, to, host)
                    : host.allocate((long) (to - from) * in * Float.BYTES, Arena.ALIGNMENT);
            if (quantised == null) {
                MemorySegment.copy(
                        weight, from * in, source, java.lang.foreign.ValueLayout.JAVA_FLOAT, 0, (to - from) * in);
            }
            dnnl_memory_desc layout = new dnnl_memory_desc();
            OneDnn.check(dnnl_memory_desc_clone(layout, plan.weightLayout()), "dnnl_memory_desc_clone");
            long packed = memory.allocate(dnnl_memory_desc_get_size(layout));
            dnnl_memory_desc plain = new dnnl_memory_desc();
            OneDnn.check(
                    dnnl_memory_desc_create_with_tag(
                            plain, 2, new long[] {in, to - from}, quantised != null ? dnnl_s8 : dnnl_f32, dnnl_ba),
                    "dnnl_memory_desc_create_with_tag");
            Reorder.run(plain, source.address(), layout, packed);
            dnnl_memory_desc_destroy(plain);
            return new Panel(from, to, packed, layout);
        }
    }

    /** The values in memory of weights. */
    static long floats(float[] values, WeightMemory memory) {
        long address = memory.allocate((long) values.length * Float.BYTES);
        Ram.copyFrom(values, address);
        return address;
    }

    private MatmulPlan.Key key(int rows, int width, Then then) {
        return new MatmulPlan.Key(
                1,
                rows,
                in,
                width,
                out,
                precision,
                precision.activations(),
                fused(then.activation, precision),
                then.sum,
                hasBias,
                MatmulPlan.Order.BLOCKS);
    }

    /** What oneDNN applies itself. Not the rectifier: its comparison turns NaN into zero. */
    static Activation fused(Activation activation, Precision precision) {
        boolean ours = precision == Precision.INT8
                || activation == Activation.RELU
                || Activations.areQuicker(activation, precision.activations());
        return ours ? Activation.NONE : activation;
    }

    static int roundUp(int n, int multiple) {
        return (n + multiple - 1) / multiple * multiple;
    }

    /** Rows of the smallest plan with room for so many, at most {@link #BLOCK}. */
    static int planned(int rows) {
        return MatmulPlan.plannedRows(rows, ROWS);
    }

    /** Most rows that are computed at once. */
    int blockRows() {
        return precision == Precision.INT8 ? int8Block : BLOCK;
    }

    int panels() {
        return panels.size();
    }

    /**
     * Computes {@code rows} rows on the calling worker. Both tensors must have room for the rows rounded up to a
     * multiple of 16; what lies in the padding is undefined afterwards. What is added to is not of int8.
     *
     * @param x address of the first row, in the precision's activation type
     * @param y address of the first row of the result
     * @param firstPanel first panel to compute
     * @param lastPanel one behind the last panel to compute
     */
    void rows(Worker worker, long x, int rows, long y, Then then, int firstPanel, int lastPanel) {
        DType type = precision.activations();
        int blocks = Math.max(1, Math.ceilDiv(rows, blockRows()));
        int step = planned(Math.ceilDiv(rows, blocks));
        for (int done = 0; done < rows; done += step) {
            int block = Math.min(step, rows - done);
            long from = x + (long) done * in * type.bytes();
            long to = y + (long) done * out * type.bytes();
            if (precision == Precision.INT8) {
                int8Block(worker, from, block, to, then.activation, firstPanel, lastPanel);
            } else {
                products(worker, from, block, to, then, firstPanel, lastPanel);
            }
        }
    }

    private void products(Worker worker, long x, int rows, long y, Then then, int firstPanel, int lastPanel) {
        int planned = planned(rows);
        int elementBytes = precision.activations().bytes();
        for (int p = firstPanel; p < lastPanel; p++) {
            Panel panel = panels.get(p);
            MatmulPlan plan = worker.plans().get(key(planned, panel.to - panel.from, then), panel.layout);
            Arena.Mark mark = worker.scratch().mark();
            plan.execute(
                    x,
                    panel.weights,
                    y + (long) panel.from * elementBytes,
                    bias + (long) panel.from * Float.BYTES,
                    scales + (long) panel.from * Float.BYTES,
                    worker.scratch().allocate(plan.scratchpadBytes()));
            worker.scratch().rewind(mark);
            if (precision != Precision.INT8 && fused(then.activation, precision) != then.activation) {
                activate(worker, then.activation, y + (long) panel.from * elementBytes, rows, panel.to - panel.from);
            }
        }
    }

    private void activate(Worker worker, Activation activation, long y, int rows, int width) {
        DType type = precision.activations();
        Arena.Mark mark = worker.scratch().mark();
        long scratch = worker.scratch().allocate((long) width * Float.BYTES);
        for (int r = 0; r < rows; r++) {
            long row = y + (long) r * out * type.bytes();
            long wide = Rows.read(type, row, width, scratch);
            Activations.row(activation, wide, width);
            Rows.write(type, wide, row, width);
        }
        worker.scratch().rewind(mark);
    }

    private void int8Block(
            Worker worker, long x, int rows, long y, Activation activation, int firstPanel, int lastPanel) {
        Arena.Mark mark = worker.scratch().mark();
        long quantised = worker.scratch().allocate((long) planned(rows) * in);
        long rowScales = worker.scratch().allocate(2L * rows * Float.BYTES);
        for (int r = 0; r < rows; r++) {
            Quantise.row(x + (long) r * in * Float.BYTES, in, quantised + (long) r * in, rowScales + 8L * r);
        }
        products(worker, quantised, rows, y, Then.NOTHING, firstPanel, lastPanel);
        int first = panels.get(firstPanel).from;
        int last = panels.get(lastPanel - 1).to;
        for (int r = 0; r < rows; r++) {
            long row = y + ((long) r * out + first) * Float.BYTES;
            Quantise.epilogue(
                    row,
                    last - first,
                    Ram.getFloat(rowScales + 8L * r),
                    Ram.getFloat(rowScales + 8L * r + 4),
                    columnSums + (long) first * Float.BYTES,
                    hasBias ? bias + (long) first * Float.BYTES : 0);
            Activations.row(activation, row, last - first);
        }
        worker.scratch().rewind(mark);
    }

    @Override
    public int in() {
        return in;
    }

    @Override
    public int out() {
        return out;
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public void close() {
        for (Panel panel : panels) {
            dnnl_memory_desc_destroy(panel.layout);
        }
        panels.clear();
    }
}
