package dev.limbic.ops.cuda;

import dev.limbic.ops.Scope;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;

/**
 * What every family of operations works with. Nothing here waits for the chip.
 *
 * @param context the stream, and the handles of libraries
 * @param kernels our own
 * @param scratch where results come to lie
 * @param uploads brings integers to the chip
 */
record CudaEngine(CudaContext context, Kernels kernels, Arena scratch, Uploads uploads) {
    /** Blocks that fill any chip; each goes on with what is left. */
    private static final int MOST_CAST_BLOCKS = 1 << 16;

    /** Brings small arrays of integers to the device. */
    interface Uploads {
        Tensor upload(int[] values);
    }

    Tensor allocate(DType type, int... dims) {
        Shape shape = Shape.of(dims);
        return new Tensor(type, shape, scratch.allocate(Math.max(1, shape.elements() * type.bytes())));
    }

    /** The same numbers as another type; the tensor itself if it is of that type. */
    Tensor cast(Tensor x, DType type) {
        if (x.dtype() == type) {
            return x;
        }
        Tensor y = allocate(type, x.rows(), x.columns());
        cast(x, y);
        return y;
    }

    /** The same numbers in y, as its type; nothing if that is x's: then y must be x. */
    void cast(Tensor x, Tensor y) {
        if (x.dtype() == y.dtype()) {
            return;
        }
        long n = x.shape().elements();
        long perBlock = KernelNumbers.ROW_BLOCK * KernelNumbers.CAST_CHUNK;
        kernels.of("cast", KernelFamily.cast(x.dtype(), y.dtype()))
                .pointer(y.address())
                .pointer(x.address())
                .wide(n)
                .launch(Math.clamp(Math.ceilDiv(n, perBlock), 1, MOST_CAST_BLOCKS), KernelNumbers.ROW_BLOCK);
    }

    /** y[i] = x[rows[i]], y being there already. */
    void gather(Tensor x, Tensor rows, Tensor y) {
        moveRows("gather_rows", x, rows, y);
    }

    /** y[rows[i]] = x[i], but for negative rows; the others of y stay. No row is given twice. */
    void scatter(Tensor x, Tensor rows, Tensor y) {
        moveRows("scatter_rows", x, rows, y);
    }

    private void moveRows(String kernel, Tensor x, Tensor rows, Tensor y) {
        kernels.of("rows", kernel)
                .pointer(y.address())
                .pointer(x.address())
                .pointer(rows.address())
                .integer(rows.rows())
                .integer(Math.toIntExact(x.rowBytes()))
                .launchRows(rows.rows());
    }

    Scope scope() {
        return Scope.of(scratch);
    }
}
