package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Scope;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code ResNetForImageClassification} (He et al. 2015), the basic and the bottleneck one: stages of layers that add to what
 * they read. All norms are part of the convolutions before them.
 */
final class ResNet implements PictureNetwork.Convolutional {
    /** No key says it. */
    private static final double EPSILON = 1e-5;

    private static final int REDUCTION = 4;
    private static final Pool2d HALF = Pool2d.of(Pooling.MAX, 3, 2, Padding.all(1));
    private static final int[] SIZES = {256, 512, 1024, 2048};
    private static final int[] DEPTHS = {3, 4, 6, 3};

    /**
     * What is added, and to what.
     *
     * @param shortcut where channels or size change
     * @param convs with relu behind each
     * @param last with the sum and the activation of the model behind it
     */
    private record Layer(@Nullable Conv2d shortcut, List<Conv2d> convs, Conv2d last) {
        static Layer of(Parameters parameters, boolean bottleneck, boolean early, int in, int out, int stride) {
            Conv2d shortcut = in == out && stride == 1 ? null : conv(parameters.sub("shortcut"), in, out, 1, stride);
            Parameters layer = parameters.sub("layer");
            if (!bottleneck) {
                return new Layer(
                        shortcut,
                        List.of(conv(layer.sub("0"), in, out, 3, stride)),
                        conv(layer.sub("1"), out, out, 3, 1));
            }
            int inner = out / REDUCTION;
            return new Layer(
                    shortcut,
                    List.of(
                            conv(layer.sub("0"), in, inner, 1, early ? stride : 1),
                            conv(layer.sub("1"), inner, inner, 3, early ? 1 : stride)),
                    conv(layer.sub("2"), inner, out, 1, 1));
        }

        /** Pictures after this layer; those before it may be overwritten. x [N·H·W, in] → [N·H′·W′, out]. */
        Tensor forward(Ops ops, Tensor x, Planes planes, Activation activation) {
            ConvOps pictures = ops.pictures();
            Tensor sum = shortcut == null ? x : pictures.conv2d(x, planes, shortcut, Activation.NONE); // [N·H′·W′, out]
            try (Scope _ = ops.scope()) {
                Tensor y = x;
                Planes size = planes;
                for (Conv2d conv : convs) {
                    y = pictures.conv2d(y, size, conv, Activation.RELU);
                    size = conv.result(size);
                }
                pictures.conv2d(y, size, last, activation, sum);
            }
            return sum;
        }

        Planes result(Planes planes) {
            Planes size = planes;
            for (Conv2d conv : convs) {
                size = conv.result(size);
            }
            return size;
        }
    }

    private final int channels;
    private final Activation activation;
    private final Conv2d embedder;
    private final List<List<Layer>> stages = new ArrayList<>();
    private final int featureSize;

    ResNet(HfConfig config, Parameters parameters) {
        channels = PictureNetwork.channels(config);
        activation = Encoder.activation(config, "hidden_act", "relu");
        int[] sizes = config.intsOr("hidden_sizes", SIZES, 1, 1 << 14);
        int[] depths = config.intsOr("depths", DEPTHS, 1, 1024);
        if (depths.length != sizes.length) {
            throw config.unexpected(
                    "depths", "as many as hidden_sizes, " + sizes.length, Integer.toString(depths.length));
        }
        boolean bottleneck = config.oneOfOr("layer_type", "bottleneck", "basic", "bottleneck")
                .equals("bottleneck");
        boolean early = config.booleanOr("downsample_in_bottleneck", false);
        boolean halved = config.booleanOr("downsample_in_first_stage", false);
        int in = config.intOr("embedding_size", 64, 1, 1 << 14);
        Parameters model = parameters.sub("resnet");
        embedder = conv(model.sub("embedder.embedder"), channels, in, 7, 2);
        for (int s = 0; s < sizes.length; s++) {
            if (bottleneck && sizes[s] < REDUCTION) {
                throw config.unexpected("hidden_sizes", "at least " + REDUCTION, Integer.toString(sizes[s]));
            }
            List<Layer> layers = new ArrayList<>();
            for (int l = 0; l < depths[s]; l++) {
                Parameters layer = model.sub("encoder.stages." + s + ".layers." + l);
                layers.add(Layer.of(layer, bottleneck, early, in, sizes[s], l == 0 && (s > 0 || halved) ? 2 : 1));
                in = sizes[s];
            }
            stages.add(layers);
        }
        featureSize = in;
    }

    private static Conv2d conv(Parameters parameters, int in, int out, int size, int stride) {
        return parameters.conv(
                "convolution",
                "normalization",
                EPSILON,
                new Conv2d.Kernel(in, out, size, size),
                Conv2d.Geometry.of(stride, Padding.all(size / 2)));
    }

    @Override
    public Tensor features(Ops ops, Tensor pixels, Planes planes, Tap tap) {
        ConvOps pictures = ops.pictures();
        Tensor x = pictures.conv2d(pixels, planes, embedder, activation); // [N·H/2·W/2, E]
        Planes size = embedder.result(planes);
        x = pictures.pool2d(x, size, HALF); // [N·H/4·W/4, E]
        size = HALF.result(size);
        tap.hidden(0, x);
        for (int s = 0; s < stages.size(); s++) {
            for (Layer layer : stages.get(s)) {
                x = layer.forward(ops, x, size, activation); // [N·H_s·W_s, C_s]
                size = layer.result(size);
            }
            tap.hidden(s + 1, x);
        }
        return pictures.globalPool(x, size, Pooling.MEAN); // [N, C_last]
    }

    @Override
    public int featureSize() {
        return featureSize;
    }

    @Override
    public String classifierName() {
        return "classifier.1";
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public ImageSettings.@Nullable Size size() {
        return null;
    }
}
