package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Operations on pictures. Pictures are rows, see {@link Planes}; C is the number of their channels. Results, errors and
 * threading are as {@link Ops} says.
 */
public interface ConvOps {
    /**
     * y = activation(convolution(x) + bias + residual).
     *
     * @param x [N·H·W, I]; cast if its type is not the weights' activation type, but bf16 stays bf16 in int8, see
     *     {@link Precision#INT8}
     * @param residual of the result's shape and type, which the result takes the place of; null for none
     * @return [N·H′·W′, O] with the planes of {@link Conv2d#result}; the residual if there is one
     */
    Tensor conv2d(Tensor x, Planes planes, Conv2d weights, Activation activation, @Nullable Tensor residual);

    /** {@link #conv2d(Tensor, Planes, Conv2d, Activation, Tensor)} without a residual. */
    default Tensor conv2d(Tensor x, Planes planes, Conv2d weights, Activation activation) {
        return conv2d(x, planes, weights, activation, null);
    }

    /**
     * y = activation(pointwise(between(first(x))) + residual): two convolutions one after the other, both with their biases.
     * Computes what two calls of {@link #conv2d} do; a device may spare what lies between them its way through memory.
     *
     * @param pointwise 1 × 1, over the output channels of the first
     * @param between activation of the first
     * @param residual as of {@link #conv2d}
     */
    default Tensor conv2d(
            Tensor x,
            Planes planes,
            Conv2d first,
            Activation between,
            Conv2d pointwise,
            Activation activation,
            @Nullable Tensor residual) {
        ConvChecks.pair(x, planes, first, pointwise, residual);
        Tensor y = conv2d(x, planes, first, between);
        return conv2d(y, first.result(planes), pointwise, activation, residual);
    }

    /** y = activation(transposed convolution(x) + bias). x [N·H·W, I] → [N·H′·W′, O], see {@link ConvTranspose2d#result}. */
    Tensor convTranspose2d(Tensor x, Planes planes, ConvTranspose2d weights, Activation activation);

    /** Maximum or mean of each window; padding is never the maximum. x [N·H·W, C] → [N·H′·W′, C], see {@link Pool2d}. */
    Tensor pool2d(Tensor x, Planes planes, Pool2d pool);

    /**
     * Means over h × w parts of each picture: rows ⌊i·H/h⌋ … ⌈(i + 1)·H/h⌉ − 1, and so the columns; one part is the whole.
     * x [N·H·W, C] → [N·h·w, C].
     */
    Tensor adaptiveAverage(Tensor x, Planes planes, int h, int w);

    /** Mean or maximum of each channel over the whole picture. x [N·H·W, C] → [N, C]. */
    default Tensor globalPool(Tensor x, Planes planes, Pooling pooling) {
        return pool2d(x, planes, new Pool2d(pooling, planes.h(), planes.w(), 1, Padding.NONE, false));
    }

    /** Pictures of h × w pixels. x [N·H·W, C] → [N·h·w, C]. */
    Tensor upsample(Tensor x, Planes planes, int h, int w, Upsampling how);

    /**
     * y = (x − mean)/√(variance + ε)·gain + bias, mean and variance over all pixels of a picture and the C/groups channels
     * of a group. As many groups as channels: instance norm.
     *
     * @param norm gain and bias f32 [C]
     */
    Tensor groupNorm(Tensor x, Planes planes, int groups, Norm norm);

    /** x ← x·s, each channel of each picture with its factor, in place. x [N·H·W, C], s [N, C] of x's type. */
    void scaleChannels(Tensor x, Planes planes, Tensor s);

    /**
     * y = byte·scale + offset, channel by channel: of pixels of 0 … 255 the (byte/255 − mean)/deviation that networks want
     * with scale 1/(255·deviation) and offset −mean/deviation.
     *
     * @param bytes u8 [N·H·W, C], interleaved
     * @param scale f32 [C]
     * @param offset f32 [C]
     * @param type of the result, one that the device computes in
     */
    Tensor normalise(Tensor bytes, Planes planes, Tensor scale, Tensor offset, DType type);
}
