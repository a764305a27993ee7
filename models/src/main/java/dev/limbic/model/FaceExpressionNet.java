package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.layer.SeparableConv;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pooling;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code FaceExpressionNetForImageClassification}, the expression net of face-api.js (Vincent Mühler); see
 * docs/vision-format.md: blocks of separable convolutions, each of which sees the sum of those before it.
 */
final class FaceExpressionNet implements PictureNetwork.Convolutional {
    /**
     * A block, which halves the picture.
     *
     * @param plain its first convolution where that is not separable
     * @param separable the others
     * @param relu a depthwise convolution by one, which is how an activation is applied alone
     */
    private record Block(@Nullable Conv2d plain, List<SeparableConv> separable, Conv2d relu) {}

    private final List<Block> blocks = new ArrayList<>();
    private final int featureSize;
    private final int channels;
    private final int size;

    FaceExpressionNet(HfConfig config, Parameters parameters) {
        size = config.requireInt("image_size", 16, 1 << 12);
        channels = config.requireInt("num_channels", 1, 3);
        int convs = config.requireInt("num_convs", 2, 16);
        int in = channels;
        int[] sizes = config.requireInts("hidden_sizes", 1, 1 << 14);
        for (int k = 0; k < sizes.length; k++) {
            Parameters block = parameters.sub("dense" + k);
            int out = sizes[k];
            Conv2d plain = null;
            List<SeparableConv> separable = new ArrayList<>();
            for (int j = 0; j < convs; j++) {
                if (k == 0 && j == 0) {
                    Conv2d.Kernel kernel = new Conv2d.Kernel(in, out, 3, 3);
                    plain = block.conv("conv0", true, kernel, Conv2d.Geometry.of(2, Padding.SAME));
                } else {
                    Padding padding = j == 0 ? Padding.SAME : Padding.all(1);
                    separable.add(
                            SeparableConv.biased(block, "conv" + j, j == 0 ? in : out, out, j == 0 ? 2 : 1, padding));
                }
            }
            blocks.add(new Block(plain, separable, block.byOne(out)));
            in = out;
        }
        featureSize = in;
    }

    @Override
    public Tensor features(Ops ops, Tensor pixels, Planes planes, Tap tap) {
        ConvOps pictures = ops.pictures();
        Tensor x = pixels; // [N·H·W, C]
        Planes size = planes;
        for (int k = 0; k < blocks.size(); k++) {
            Block block = blocks.get(k);
            List<SeparableConv> rest = block.separable();
            Tensor seen; // [N·H/2·W/2, C_k], and all that follow
            if (block.plain() != null) {
                seen = pictures.conv2d(x, size, block.plain(), Activation.RELU);
                size = block.plain().result(size);
            } else {
                seen = rest.getFirst().forward(pictures, x, size, Activation.RELU, null);
                size = rest.getFirst().result(size);
                rest = rest.subList(1, rest.size());
            }
            Tensor sum = seen;
            for (int j = 0; j < rest.size(); j++) {
                Activation last = j == rest.size() - 1 ? Activation.RELU : Activation.NONE;
                sum = rest.get(j).forward(pictures, seen, size, last, sum);
                seen = last == Activation.RELU ? sum : pictures.conv2d(sum, size, block.relu(), Activation.RELU);
            }
            x = sum;
            tap.hidden(k, x);
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
