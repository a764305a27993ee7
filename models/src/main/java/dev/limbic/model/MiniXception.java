package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.layer.SeparableConv;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Pooling;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code MiniXceptionForImageClassification}, after Arriaga, Valdenegro-Toro and Plöger 2017; see docs/vision-format.md:
 * plain convolutions, blocks of two separable ones beside a shortcut, the mean of each channel, a classifier.
 */
final class MiniXception implements PictureNetwork.Convolutional {
    private static final Pool2d HALF = Pool2d.of(Pooling.MAX, 3, 2, Padding.all(1));

    /**
     * A block, which halves the picture.
     *
     * @param shortcut 1 × 1, stride 2, its norm included
     */
    private record Block(Conv2d shortcut, SeparableConv first, SeparableConv second) {}

    private final List<Conv2d> stem = new ArrayList<>();
    private final List<Block> blocks = new ArrayList<>();
    private final Activation activation;
    private final int featureSize;
    private final int channels;
    private final int size;

    MiniXception(HfConfig config, Parameters parameters) {
        size = config.requireInt("image_size", 8, 1 << 12);
        channels = config.requireInt("num_channels", 1, 3);
        activation =
                config.requireOneOf("hidden_act", "relu", "silu").equals("relu") ? Activation.RELU : Activation.SILU;
        double epsilon = config.doubleOr("batch_norm_eps", 1e-5, 0, 1);
        int[] stemSizes = config.requireInts("stem_sizes", 1, 1 << 12);
        int[] strides = config.requireInts("stem_strides", 1, 2);
        if (strides.length != stemSizes.length) {
            throw config.unexpected("stem_strides", stemSizes.length + " of them", Integer.toString(strides.length));
        }
        Padding padding = Padding.all(config.requireInt("stem_padding", 0, 1));
        int in = channels;
        for (int i = 0; i < stemSizes.length; i++) {
            Parameters layer = parameters.sub("stem." + i);
            Conv2d.Kernel kernel = new Conv2d.Kernel(in, stemSizes[i], 3, 3);
            stem.add(layer.conv("conv", "norm", epsilon, kernel, Conv2d.Geometry.of(strides[i], padding)));
            in = stemSizes[i];
        }
        int[] sizes = config.requireInts("hidden_sizes", 1, 1 << 14);
        for (int k = 0; k < sizes.length; k++) {
            Parameters block = parameters.sub("blocks." + k);
            int out = sizes[k];
            blocks.add(new Block(
                    block.sub("shortcut")
                            .conv(
                                    "conv",
                                    "norm",
                                    epsilon,
                                    new Conv2d.Kernel(in, out, 1, 1),
                                    Conv2d.Geometry.of(2, Padding.NONE)),
                    SeparableConv.normed(block, "conv0", in, out, epsilon),
                    SeparableConv.normed(block, "conv1", out, out, epsilon)));
            in = out;
        }
        featureSize = in;
    }

    @Override
    public Tensor features(Ops ops, Tensor pixels, Planes planes, Tap tap) {
        ConvOps pictures = ops.pictures();
        Tensor x = pixels; // [N·H·W, C]
        Planes size = planes;
        for (Conv2d conv : stem) {
            x = pictures.conv2d(x, size, conv, activation);
            size = conv.result(size);
        }
        tap.hidden(0, x);
        for (int k = 0; k < blocks.size(); k++) {
            Block block = blocks.get(k);
            Tensor y = block.first().forward(pictures, x, size, activation, null); // [N·H·W, C_k]
            y = block.second().forward(pictures, y, size, Activation.NONE, null);
            y = pictures.pool2d(y, size, HALF); // [N·H/2·W/2, C_k]
            x = pictures.conv2d(x, size, block.shortcut(), Activation.NONE, y); // [N·H/2·W/2, C_k]
            size = HALF.result(size);
            tap.hidden(k + 1, x);
        }
        return pictures.globalPool(x, size, Pooling.MEAN); // [N, C_last]
    }

    @Override
    public int featureSize() {
        return featureSize;
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public ImageSettings.Size size() {
        return new ImageSettings.Size(size, size);
    }
}
