package dev.limbic.layer;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A 3 × 3 convolution of each channel by itself, then a 1 × 1 one of all channels (Sifre 2014, Chollet 2017). */
public record SeparableConv(Conv2d depthwise, Conv2d pointwise) {
    /** {@code name.depthwise} without a bias, {@code name.pointwise} with one. */
    public static SeparableConv biased(
            Parameters parameters, String name, int in, int out, int stride, Padding padding) {
        return new SeparableConv(
                depthwise(parameters, name, in, stride, padding),
                parameters.conv(
                        name + ".pointwise",
                        true,
                        new Conv2d.Kernel(in, out, 1, 1),
                        Conv2d.Geometry.of(1, Padding.NONE)));
    }

    /** {@code name.depthwise}, {@code name.pointwise} and the batch norm {@code name.norm} behind both. */
    public static SeparableConv normed(Parameters parameters, String name, int in, int out, double epsilon) {
        return new SeparableConv(
                depthwise(parameters, name, in, 1, Padding.all(1)),
                parameters.conv(
                        name + ".pointwise",
                        name + ".norm",
                        epsilon,
                        new Conv2d.Kernel(in, out, 1, 1),
                        Conv2d.Geometry.of(1, Padding.NONE)));
    }

    private static Conv2d depthwise(Parameters parameters, String name, int channels, int stride, Padding padding) {
        return parameters.conv(
                name + ".depthwise",
                false,
                new Conv2d.Kernel(channels, channels, 3, 3),
                new Conv2d.Geometry(stride, padding, 1, channels));
    }

    /** Sizes of the result. */
    public Planes result(Planes planes) {
        return depthwise.result(planes);
    }

    /** activation(pointwise(depthwise(x)) + residual). x [N·H·W, in] → [N·H′·W′, out]; see {@link ConvOps#conv2d}. */
    public Tensor forward(ConvOps ops, Tensor x, Planes planes, Activation activation, @Nullable Tensor residual) {
        return ops.conv2d(x, planes, depthwise, Activation.NONE, pointwise, activation, residual); // [N·H′·W′, out]
    }
}
