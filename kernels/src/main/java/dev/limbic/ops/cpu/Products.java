package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Checks;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.Tensor;

/** Products of rows with weights, which several families begin with. */
final class Products {
    /** Below so many rows a thread, a product is shared out by columns. */
    private static final int ROWS_PER_WORKER = 32;

    /** Below so many multiplications a region is not worth waking the team for. */
    private static final long SMALL_PRODUCT = 1 << 20;

    private final CpuEngine engine;

    Products(CpuEngine engine) {
        this.engine = engine;
    }

    /** See {@link dev.limbic.ops.RowOps#linear}. */
    Tensor linear(Tensor x, Linear weights, Activation activation) {
        CpuLinear w = (CpuLinear) weights;
        Checks.linear(x, w);
        Tensor input = engine.cast(x, w.precision().activations());
        Tensor y = engine.allocate(w.precision().activations(), x.rows(), w.out());
        run(input, w, y, new CpuLinear.Then(activation, false));
        return y;
    }

    /**
     * residual ← x·Wᵀ + bias + residual in f32, with the bits of two steps; else nothing, and false. In bf16 that would round
     * once less than the kernels for few rows can, and a row must not depend on its company; in int8 a pass of ours ends the
     * product.
     */
    boolean add(Tensor x, CpuLinear w, Tensor residual) {
        boolean adds = w.precision() == Precision.F32;
        if (adds) {
            run(engine.cast(x, residual.dtype()), w, residual, new CpuLinear.Then(Activation.NONE, true));
        }
        return adds;
    }

    private void run(Tensor input, CpuLinear w, Tensor y, CpuLinear.Then then) {
        Team team = engine.team();
        Shares shares = engine.shares();
        int t = input.rows();
        StreamedLinear streamed = w.forFewRows();
        if (streamed != null && streamed.takes(t)) {
            streamed.run(shares, engine.scratch(), input.address(), t, y.address(), then);
            return;
        }
        int size = team.size();
        if (size == 1 || (long) t * w.in() * w.out() < SMALL_PRODUCT) {
            w.rows(team.owner(), input.address(), t, y.address(), then, 0, w.panels());
        } else if (t >= size * ROWS_PER_WORKER || w.panels() == 1) {
            shares.runs(
                    t,
                    run(t, w.blockRows(), size),
                    (worker, from, to) -> w.rows(worker, input.row(from), to - from, y.row(from), then, 0, w.panels()));
        } else {
            shares.runs(
                    w.panels(),
                    1,
                    (worker, from, to) -> w.rows(worker, input.address(), t, y.address(), then, from, to));
        }
    }

    /**
     * Rows of each run but the last: as many as some plan has, a multiple of 4. So no worker's rounding reaches another's
     * rows, nor the last one's beyond the tensor's padding.
     */
    static int run(int rows, int blockRows, int workers) {
        int runs = CpuLinear.roundUp(Math.ceilDiv(rows, blockRows), workers);
        return CpuLinear.planned(CpuLinear.roundUp(Math.ceilDiv(rows, runs), 4));
    }
}
