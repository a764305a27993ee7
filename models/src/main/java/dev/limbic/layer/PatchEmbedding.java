package dev.limbic.layer;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Pictures cut into patches without overlap, each a row: a convolution whose stride is its size. Where the patches fill the
 * picture, the pixels of a patch's line are channels of one pixel, each band of patches is a picture by itself, and nothing
 * strides; the memory is the same. So patches need not be square.
 *
 * @param folded whether patches fill the picture
 */
public record PatchEmbedding(Conv2d conv, int height, int width, boolean folded) {
    /**
     * {@code name.weight} [out, in, height, width] and {@code name.bias} [out].
     *
     * @param fill whether patches fill the pictures; if they do not, they are square
     */
    public static PatchEmbedding of(Parameters parameters, String name, Conv2d.Kernel kernel, boolean fill) {
        int height = kernel.height();
        int width = kernel.width();
        if (!fill) {
            return new PatchEmbedding(
                    parameters.conv(name, true, kernel, Conv2d.Geometry.of(height, Padding.NONE)),
                    height,
                    width,
                    false);
        }
        int in = kernel.in();
        float[] stored = parameters
                .view()
                .tensor(name + ".weight", kernel.out(), in, height, width)
                .toFloats();
        float[] turned = new float[stored.length]; // [out, width·in, height, 1]
        for (int i = 0; i < stored.length; i++) {
            int x = i % width;
            int y = i / width % height;
            int c = i / (width * height) % in;
            int o = i / (width * height * in);
            turned[((o * width + x) * in + c) * height + y] = stored[i];
        }
        return new PatchEmbedding(
                parameters
                        .weights()
                        .conv2d(
                                HostTensor.of(Shape.of(kernel.out(), width * in, height, 1), turned),
                                parameters.view().tensor(name + ".bias", kernel.out()),
                                Conv2d.Geometry.of(1, Padding.NONE),
                                parameters.precision()),
                height,
                width,
                true);
    }

    /**
     * A row for each patch, line by line.
     *
     * @param pixels [N·H·W, in]
     * @param residual what is added and takes the result, [N·patches, out]; null for none
     * @return [N·patches, out]
     */
    public Tensor forward(ConvOps ops, Tensor pixels, Planes planes, @Nullable Tensor residual) {
        if (!folded) {
            return ops.conv2d(pixels, planes, conv, Activation.NONE, residual);
        }
        Planes bands = new Planes(planes.n() * (planes.h() / height), height, planes.w() / width);
        return ops.conv2d(
                pixels.shaped(bands.rows(), width * pixels.columns()), bands, conv, Activation.NONE, residual);
    }
}
