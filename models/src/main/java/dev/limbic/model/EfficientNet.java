package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Scope;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code EfficientNetForImageClassification} (Tan and Le 2019): inverted bottlenecks with squeeze-and-excitation, widened and
 * deepened by two coefficients. All batch norms are part of the convolutions before them.
 */
final class EfficientNet implements PictureNetwork.Convolutional {
    private static final int STEM = 32;
    private static final int TOP = 1280;

    /** No picture is larger. */
    private static final int MOST = 1 << 16;

    /**
     * @param expand 1 × 1, to more channels; null where there are no more
     * @param depthwise each channel by itself
     * @param squeeze 1 × 1, of the channels' means
     * @param excite 1 × 1, to a factor for each channel
     * @param project 1 × 1, to fewer channels
     * @param adds whether the result is added to what was read
     */
    private record Block(
            @Nullable Conv2d expand, Conv2d depthwise, Conv2d squeeze, Conv2d excite, Conv2d project, boolean adds) {
        /** Pictures after this block; those before it may be overwritten. x [N·H·W, in] → [N·H′·W′, out]. */
        Tensor forward(Ops ops, Tensor x, Planes planes, Activation activation) {
            if (!adds) {
                return projected(ops.pictures(), x, planes, activation);
            }
            try (Scope _ = ops.scope()) {
                projected(ops.pictures(), x, planes, activation);
            }
            return x;
        }

        private Tensor projected(ConvOps pictures, Tensor x, Planes planes, Activation activation) {
            Tensor wide = expand == null ? x : pictures.conv2d(x, planes, expand, activation); // [N·H·W, wide]
            Tensor y = pictures.conv2d(wide, planes, depthwise, activation); // [N·H′·W′, wide]
            Planes size = result(planes);
            Planes one = planes.sized(1, 1);
            Tensor factors = pictures.globalPool(y, size, Pooling.MEAN); // [N, wide]
            factors = pictures.conv2d(factors, one, squeeze, activation); // [N, narrow]
            factors = pictures.conv2d(factors, one, excite, Activation.SIGMOID); // [N, wide]
            pictures.scaleChannels(y, size, factors);
            return pictures.conv2d(y, size, project, Activation.NONE, adds ? x : null); // [N·H′·W′, out]
        }

        Planes result(Planes planes) {
            return depthwise.result(planes);
        }
    }

    /** Numbers of channels, as the width coefficient changes them. */
    private record Widths(double coefficient, int divisor) {
        static Widths of(HfConfig config) {
            return new Widths(
                    config.doubleOr("width_coefficient", 2.0, Double.MIN_VALUE, 100),
                    config.intOr("depth_divisor", 8, 1, 1 << 10));
        }

        /** The nearest multiple of the divisor that is not more than a tenth too low. */
        int of(int channels) {
            double wanted = channels * coefficient;
            int rounded = Math.max(divisor, (int) (wanted + divisor / 2.0) / divisor * divisor);
            return rounded < 0.9 * wanted ? rounded + divisor : rounded;
        }
    }

    private final int channels;
    private final Activation activation;
    private final Pooling pooling;
    private final Conv2d stem;
    private final List<Block> blocks = new ArrayList<>();
    private final Conv2d top;
    private final int featureSize;

    EfficientNet(HfConfig config, Parameters parameters) {
        channels = PictureNetwork.channels(config);
        activation = Encoder.activation(config, "hidden_act", "swish");
        pooling = config.oneOfOr("pooling_type", "mean", "mean", "max").equals("max") ? Pooling.MAX : Pooling.MEAN;
        double epsilon = config.doubleOr("batch_norm_eps", 1e-3, 0, 1);
        Widths widths = Widths.of(config);
        Parameters model = parameters.sub("efficientnet");
        int width = widths.of(STEM);
        stem = model.sub("embeddings")
                .conv(
                        "convolution",
                        "batchnorm",
                        epsilon,
                        new Conv2d.Kernel(channels, width, 3, 3),
                        Conv2d.Geometry.of(2, new Padding.Pixels(0, 0, 1, 1)));
        blocks(config, model.sub("encoder.blocks"), widths, epsilon);
        int last = blocks.getLast().project().kernel().out();
        int features = widths.of(TOP);
        int stated = config.intOr("hidden_dim", 2560, 1, 1 << 20);
        if (stated != features) {
            throw config.unexpected(
                    "hidden_dim", TOP + " times width_coefficient, " + features, Integer.toString(stated));
        }
        top = pointwise(model.sub("encoder"), "top_conv", "top_bn", epsilon, last, features);
        featureSize = features;
    }

    private void blocks(HfConfig config, Parameters parameters, Widths widths, double epsilon) {
        int[] outs = config.intsOr("out_channels", new int[] {16, 24, 40, 80, 112, 192, 320}, 1, 1 << 14);
        int stages = outs.length;
        int[] ins = perStage(config, "in_channels", new int[] {32, 16, 24, 40, 80, 112, 192}, 1 << 14, stages);
        int[] kernels = perStage(config, "kernel_sizes", new int[] {3, 3, 5, 3, 5, 5, 3}, 31, stages);
        int[] strides = perStage(config, "strides", new int[] {1, 2, 2, 2, 1, 2, 1}, 2, stages);
        int[] repeats = perStage(config, "num_block_repeats", new int[] {1, 2, 2, 3, 3, 4, 1}, 1 << 10, stages);
        int[] ratios = perStage(config, "expand_ratios", new int[] {1, 6, 6, 6, 6, 6, 6}, 100, stages);
        double depth = config.doubleOr("depth_coefficient", 3.1, Double.MIN_VALUE, 100);
        double share = config.doubleOr("squeeze_expansion_ratio", 0.25, 0, 100);
        List<Integer> even = config.intsOr("depthwise_padding", 0, Integer.MAX_VALUE);
        int before = widths.of(STEM);
        for (int s = 0; s < stages; s++) {
            if (kernels[s] % 2 == 0) {
                throw config.unexpected("kernel_sizes", "odd numbers", Integer.toString(kernels[s]));
            }
            if (widths.of(ins[s]) != before) {
                throw config.unexpected(
                        "in_channels", "the channels of the stage before, " + before, widths.of(ins[s]) + " rounded");
            }
            int out = widths.of(outs[s]);
            for (int r = 0; r < Math.ceil(depth * repeats[s]); r++) {
                int stride = r == 0 ? strides[s] : 1;
                Padding padding = padding(kernels[s] / 2, stride, even.contains(blocks.size()));
                Parameters block = parameters.sub(Integer.toString(blocks.size()));
                blocks.add(block(block, epsilon, before, out, kernels[s], stride, padding, ratios[s], share, r > 0));
                before = out;
            }
        }
    }

    private static Padding padding(int half, int stride, boolean even) {
        return stride == 1 || even ? Padding.all(half) : new Padding.Pixels(half - 1, half - 1, half, half);
    }

    private static int[] perStage(HfConfig config, String key, int[] usual, int max, int stages) {
        int[] values = config.intsOr(key, usual, 1, max);
        if (values.length != stages) {
            throw config.unexpected(key, "as many as out_channels, " + stages, Integer.toString(values.length));
        }
        return values;
    }

    private static Block block(
            Parameters parameters,
            double epsilon,
            int in,
            int out,
            int size,
            int stride,
            Padding padding,
            int ratio,
            double share,
            boolean adds) {
        int wide = in * ratio;
        int narrow = Math.max(1, (int) (in * share));
        Conv2d.Geometry plain = Conv2d.Geometry.of(1, Padding.NONE);
        Parameters gate = parameters.sub("squeeze_excite");
        return new Block(
                ratio == 1
                        ? null
                        : pointwise(parameters.sub("expansion"), "expand_conv", "expand_bn", epsilon, in, wide),
                parameters
                        .sub("depthwise_conv")
                        .conv(
                                "depthwise_conv",
                                "depthwise_norm",
                                epsilon,
                                new Conv2d.Kernel(wide, wide, size, size),
                                new Conv2d.Geometry(stride, padding, 1, wide)),
                gate.conv("reduce", true, new Conv2d.Kernel(wide, narrow, 1, 1), plain),
                gate.conv("expand", true, new Conv2d.Kernel(narrow, wide, 1, 1), plain),
                pointwise(parameters.sub("projection"), "project_conv", "project_bn", epsilon, wide, out),
                adds);
    }

    private static Conv2d pointwise(Parameters parameters, String conv, String norm, double epsilon, int in, int out) {
        return parameters.conv(
                conv, norm, epsilon, new Conv2d.Kernel(in, out, 1, 1), Conv2d.Geometry.of(1, Padding.NONE));
    }

    @Override
    public Tensor features(Ops ops, Tensor pixels, Planes planes, Tap tap) {
        ConvOps pictures = ops.pictures();
        Tensor x = pictures.conv2d(pixels, planes, stem, activation); // [N·H/2·W/2, stem]
        Planes size = stem.result(planes);
        tap.hidden(0, x);
        for (int b = 0; b < blocks.size(); b++) {
            x = blocks.get(b).forward(ops, x, size, activation); // [N·H_b·W_b, C_b]
            size = blocks.get(b).result(size);
            tap.hidden(b + 1, x);
        }
        x = pictures.conv2d(x, size, top, activation); // [N·H_b·W_b, F]
        return pictures.globalPool(x, size, pooling); // [N, F]
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
    public ImageSettings.@Nullable Size size() {
        return null;
    }

    /** A pixel at the end; a convolution that halves rounds down, but for those that are padded on all sides. */
    @Override
    public int smallest() {
        int smallest = 1;
        for (Block block : blocks.reversed()) {
            Conv2d.Geometry geometry = block.depthwise().geometry();
            if (geometry.stride() == 2 && smallest < MOST) {
                Padding half = Padding.all(block.depthwise().kernel().height() / 2);
                smallest = 2 * smallest - (geometry.padding().equals(half) ? 1 : 0);
            }
        }
        return 2 * smallest;
    }
}
