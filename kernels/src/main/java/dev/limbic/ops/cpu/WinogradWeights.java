package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import org.bytedeco.dnnl.dnnl_memory_desc;

/** The weights of a convolution at the points of a tile, and their products. Safe for several threads. */
final class WinogradWeights implements AutoCloseable {
    /** Rows for which oneDNN chooses the layout of the weights. */
    private static final int ROWS = 64;

    private final WinogradTile tile;
    private final int in;
    private final int out;
    private final dnnl_memory_desc layout = new dnnl_memory_desc();
    private final long address;

    /** @param weight [out, in, 3, 3] */
    WinogradWeights(WinogradTile tile, float[] weight, int out, int in, WeightMemory memory) {
        this.tile = tile;
        this.in = in;
        this.out = out;
        float[] transformed = tile.transformed(weight, out, in);
        try (MatmulPlan plan = new MatmulPlan(key(ROWS), null);
                Arena host = Arena.ofConfined()) {
            OneDnn.check(dnnl_memory_desc_clone(layout, plan.weightLayout()), "dnnl_memory_desc_clone");
            address = memory.allocate(dnnl_memory_desc_get_size(layout));
            long plain = host.allocateFrom(ValueLayout.JAVA_FLOAT, transformed).address();
            dnnl_memory_desc inOrder = OneDnn.dense(dnnl_f32, dnnl_abc, tile.points(), in, out);
            Reorder.run(inOrder, plain, layout, address);
            dnnl_memory_desc_destroy(inOrder);
        }
    }

    private MatmulPlan.Key key(int rows) {
        return new MatmulPlan.Key(
                tile.points(),
                rows,
                in,
                out,
                out,
                Precision.F32,
                DType.F32,
                Activation.NONE,
                false,
                false,
                MatmulPlan.Order.BLOCKS);
    }

    /**
     * y[p, t] = x[p, t]·W[p].
     *
     * @param x f32 [points, rows, in]
     * @param y f32 [points, rows, out]
     */
    void multiply(Worker worker, long x, int rows, long y) {
        dev.limbic.tensor.Arena.Mark mark = worker.scratch().mark();
        MatmulPlan plan = worker.plans().get(key(rows), layout);
        plan.execute(x, address, y, 0, 0, worker.scratch().allocate(plan.scratchpadBytes()));
        worker.scratch().rewind(mark);
    }

    @Override
    public void close() {
        dnnl_memory_desc_destroy(layout);
    }
}
