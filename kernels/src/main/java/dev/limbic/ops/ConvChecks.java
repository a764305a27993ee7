package dev.limbic.ops;

import static dev.limbic.ops.Checks.check;
import static dev.limbic.ops.Checks.numbers;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** What is true of the arguments of {@link ConvOps}, or an {@link IllegalArgumentException} naming the operation. */
public final class ConvChecks {
    private ConvChecks() {}

    /** Numbers x [N·H·W, C]. */
    public static void planes(String operation, Tensor x, Planes planes) {
        numbers(operation, x);
        rows(operation, x, planes);
    }

    private static void rows(String operation, Tensor x, Planes planes) {
        check(
                x.shape().rank() == 2 && x.rows() == planes.rows(),
                operation,
                "[" + planes.rows() + ", C] of " + planes,
                x);
    }

    /**
     * Arguments of {@link ConvOps#conv2d}.
     *
     * @return sizes of the result
     */
    public static Planes conv2d(Tensor x, Planes planes, Conv2d weights, @Nullable Tensor residual) {
        planes("conv2d", x, planes);
        int in = weights.kernel().in();
        check(x.columns() == in, "conv2d", "x [" + planes.rows() + ", " + in + "]", x);
        Planes result = weights.result(planes);
        residual(x.dtype(), result, weights, residual);
        if (residual != null) {
            check(residual.address() != x.address(), "conv2d", "a residual other than x", residual);
        }
        return result;
    }

    private static void residual(DType x, Planes result, Conv2d weights, @Nullable Tensor residual) {
        if (residual != null) {
            int out = weights.kernel().out();
            DType type = type(x, weights.precision());
            boolean fits = residual.shape().rank() == 2
                    && residual.rows() == result.rows()
                    && residual.columns() == out
                    && residual.dtype() == type;
            check(fits, "conv2d", "residual " + type + " [" + result.rows() + ", " + out + "]", residual);
        }
    }

    /**
     * Arguments of two convolutions one after the other.
     *
     * @return sizes of the result
     */
    public static Planes pair(Tensor x, Planes planes, Conv2d first, Conv2d pointwise, @Nullable Tensor residual) {
        Planes result = conv2d(x, planes, first, null);
        Conv2d.Kernel kernel = pointwise.kernel();
        boolean fits = kernel.in() == first.kernel().out()
                && kernel.height() == 1
                && kernel.width() == 1
                && pointwise.geometry().equals(Conv2d.Geometry.of(1, Padding.NONE));
        if (!fits) {
            throw new IllegalArgumentException("conv2d: a second convolution of single pixels, all "
                    + first.kernel().out() + " channels together, expected, found " + kernel + ", "
                    + pointwise.geometry());
        }
        residual(type(x.dtype(), first.precision()), result, pointwise, residual);
        return result;
    }

    /** Type of a convolution's result: the precision's activation type, or in int8 that of x if x is bf16. */
    public static DType type(Tensor x, Precision precision) {
        return type(x.dtype(), precision);
    }

    private static DType type(DType x, Precision precision) {
        return precision == Precision.INT8 && x == DType.BF16 ? DType.BF16 : precision.activations();
    }

    /**
     * Arguments of {@link ConvOps#convTranspose2d}.
     *
     * @return sizes of the result
     */
    public static Planes convTranspose2d(Tensor x, Planes planes, ConvTranspose2d weights) {
        planes("convTranspose2d", x, planes);
        int in = weights.kernel().in();
        check(x.columns() == in, "convTranspose2d", "x [" + planes.rows() + ", " + in + "]", x);
        return weights.result(planes);
    }

    /**
     * Arguments of {@link ConvOps#pool2d}.
     *
     * @return sizes of the result
     */
    public static Planes pool2d(Tensor x, Planes planes, Pool2d pool) {
        planes("pool2d", x, planes);
        return pool.result(planes);
    }

    /**
     * Arguments of an operation that gives pictures of h × w pixels.
     *
     * @return sizes of the result
     */
    public static Planes sized(String operation, Tensor x, Planes planes, int h, int w) {
        planes(operation, x, planes);
        if (h < 1 || w < 1) {
            throw new IllegalArgumentException(operation + ": a positive size expected, found " + h + " × " + w);
        }
        return planes.sized(h, w);
    }

    /** Arguments of {@link ConvOps#groupNorm}. */
    public static void groupNorm(Tensor x, Planes planes, int groups, Norm norm) {
        planes("groupNorm", x, planes);
        if (groups < 1 || x.columns() % groups != 0) {
            throw new IllegalArgumentException(
                    "groupNorm: groups of equally many of " + x.columns() + " channels expected, found " + groups);
        }
        Checks.norm("groupNorm", norm, x.columns());
    }

    /** Arguments of {@link ConvOps#scaleChannels}. */
    public static void scaleChannels(Tensor x, Planes planes, Tensor s) {
        planes("scaleChannels", x, planes);
        boolean fits =
                s.shape().rank() == 2 && s.rows() == planes.n() && s.columns() == x.columns() && s.dtype() == x.dtype();
        check(fits, "scaleChannels", "factors " + x.dtype() + " [" + planes.n() + ", " + x.columns() + "]", s);
    }

    /** Arguments of {@link ConvOps#normalise}. */
    public static void normalise(Tensor bytes, Planes planes, Tensor scale, Tensor offset, DType type) {
        if (type != DType.F32 && type != DType.BF16 && type != DType.F16) {
            throw new IllegalArgumentException("normalise: a result of F32, BF16 or F16 expected, asked for " + type);
        }
        rows("normalise", bytes, planes);
        check(bytes.dtype() == DType.U8, "normalise", "U8", bytes);
        for (Tensor t : new Tensor[] {scale, offset}) {
            boolean fits = t.dtype() == DType.F32 && t.shape().elements() == bytes.columns();
            check(fits, "normalise", "scale and offset F32 [" + bytes.columns() + "]", t);
        }
    }
}
