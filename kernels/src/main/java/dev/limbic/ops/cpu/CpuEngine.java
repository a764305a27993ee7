package dev.limbic.ops.cpu;

import dev.limbic.ops.Scope;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;

/**
 * What every family of operations works with.
 *
 * @param team the threads
 * @param shares how work is dealt out to them
 * @param scratch where results come to lie
 */
record CpuEngine(Team team, Shares shares, Arena scratch) {
    /** Rows are padded to this many, so that products may round their row count up. */
    static final int ROW_PADDING = 16;

    CpuEngine(Team team, Arena scratch) {
        this(team, new Shares(team), scratch);
    }

    /** A scratch tensor whose rows may be rounded up by products. */
    Tensor allocate(DType type, int... dims) {
        Shape shape = Shape.of(dims);
        Tensor probe = new Tensor(type, shape, 0);
        long bytes = CpuLinear.roundUp(probe.rows(), ROW_PADDING) * probe.rowBytes();
        return new Tensor(type, shape, scratch.allocate(bytes));
    }

    /** The same numbers as another type; the tensor itself if it is of that type. */
    Tensor cast(Tensor x, DType type) {
        if (x.dtype() == type) {
            return x;
        }
        Tensor y = allocate(type, x.rows(), x.columns());
        int n = x.columns();
        shares.rows(x.rows(), x.rows() * x.rowBytes(), (worker, from, to) -> {
            Rows.convert(x.dtype(), x.row(from), type, y.row(from), (to - from) * n);
        });
        return y;
    }

    Scope scope() {
        return Scope.of(scratch);
    }
}
