package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Checks;
import dev.limbic.ops.Linear;
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
        Team team = engine.team();
        Shares shares = engine.shares();
        Tensor input = engine.cast(x, w.precision().activations());
        int t = x.rows();
        Tensor y = engine.allocate(w.precision().activations(), t, w.out());
        int size = team.size();
        StreamedLinear streamed = w.forFewRows();
        if (streamed != null && streamed.takes(t)) {
            streamed.run(shares, engine.scratch(), input.address(), t, y.address(), activation);
        } else if (size == 1 || (long) t * w.in() * w.out() < SMALL_PRODUCT) {
            w.rows(team.owner(), input.address(), t, y.address(), activation, 0, w.panels());
        } else if (t >= size * ROWS_PER_WORKER || w.panels() == 1) {
            // All runs but the last have as many rows as some plan: no worker's rounding reaches another's rows.
            int runs = CpuLinear.roundUp(Math.ceilDiv(t, w.blockRows()), size);
            shares.runs(
                    t,
                    CpuLinear.planned(Math.ceilDiv(t, runs)),
                    (worker, from, to) ->
                            w.rows(worker, input.row(from), to - from, y.row(from), activation, 0, w.panels()));
        } else {
            shares.runs(
                    w.panels(),
                    1,
                    (worker, from, to) -> w.rows(worker, input.address(), t, y.address(), activation, from, to));
        }
        return y;
    }
}
