package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.Device;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Scope;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code ConvNextForImageClassification} (Liu et al. 2022): stages of depthwise convolutions, each with two products of every
 * pixel's channels behind it. Factors of a layer's result are part of its last product.
 */
final class ConvNext implements PictureNetwork.Convolutional {
    /** Of all norms but the last; no key says it. */
    private static final double EPSILON = 1e-6;

    private static final int EXPANSION = 4;
    private static final int[] SIZES = {96, 192, 384, 768};
    private static final int[] DEPTHS = {3, 3, 9, 3};

    /**
     * @param depthwise 7 × 7, each channel by itself
     * @param up [4C, C]
     * @param down 1 × 1, from 4C channels to C
     */
    private record Layer(Conv2d depthwise, Norm norm, Linear up, Conv2d down) {
        /** x ← x + layer(x), in place, [N·H·W, C]. */
        void forward(Ops ops, Tensor x, Planes planes, Activation activation) {
            ConvOps pictures = ops.pictures();
            try (Scope _ = ops.scope()) {
                Tensor y = pictures.conv2d(x, planes, depthwise, Activation.NONE); // [N·H·W, C]
                y = ops.rows().linear(ops.rows().layerNorm(y, norm), up, activation); // [N·H·W, 4C]
                pictures.conv2d(y, planes, down, Activation.NONE, x);
            }
        }
    }

    /** Half the height and width, other channels. */
    private record Downsampling(Norm norm, Conv2d conv) {}

    /** @param downsampling before the layers; null in the first stage */
    private record Stage(@Nullable Downsampling downsampling, List<Layer> layers) {}

    private final int channels;
    private final Activation activation;
    private final Conv2d patches;
    private final Norm patchNorm;
    private final List<Stage> stages = new ArrayList<>();
    private final Norm norm;
    private final int featureSize;

    ConvNext(HfConfig config, Parameters parameters) {
        channels = PictureNetwork.channels(config);
        activation = Encoder.activation(config, "hidden_act");
        int[] patch = config.sidesOr("patch_size", 4, 1 << 10);
        if (patch[0] != patch[1]) {
            throw config.unexpected("patch_size", "a square", patch[0] + " × " + patch[1]);
        }
        int[] sizes = config.intsOr("hidden_sizes", SIZES, 1, 1 << 14);
        int[] depths = config.intsOr("depths", DEPTHS, 1, 1024);
        int count = config.intOr("num_stages", 4, 1, 12);
        requireCount(config, "hidden_sizes", sizes, count);
        requireCount(config, "depths", depths, count);
        boolean scaled = config.doubleOr("layer_scale_init_value", 1e-6, -1e6, 1e6) > 0;
        Parameters model = parameters.sub("convnext");
        int in = sizes[0];
        patches = model.conv(
                "embeddings.patch_embeddings",
                true,
                new Conv2d.Kernel(channels, in, patch[0], patch[0]),
                Conv2d.Geometry.of(patch[0], Padding.NONE));
        patchNorm = model.norm("embeddings.layernorm", in, EPSILON);
        for (int s = 0; s < count; s++) {
            Parameters stage = model.sub("encoder.stages." + s);
            int out = sizes[s];
            Downsampling downsampling = s == 0 ? null : downsampling(stage.sub("downsampling_layer"), in, out);
            List<Layer> layers = new ArrayList<>();
            for (int l = 0; l < depths[s]; l++) {
                layers.add(layer(stage.sub("layers." + l), out, scaled));
            }
            stages.add(new Stage(downsampling, layers));
            in = out;
        }
        norm = model.norm("layernorm", in, config.doubleOr("layer_norm_eps", 1e-12, 0, 1));
        featureSize = in;
    }

    private static void requireCount(HfConfig config, String key, int[] values, int stages) {
        if (values.length != stages) {
            throw config.unexpected(key, "one for each of num_stages, " + stages, Integer.toString(values.length));
        }
    }

    private static Downsampling downsampling(Parameters parameters, int in, int out) {
        Conv2d.Kernel kernel = new Conv2d.Kernel(in, out, 2, 2);
        return new Downsampling(
                parameters.norm("0", in, EPSILON),
                parameters.conv("1", true, kernel, Conv2d.Geometry.of(2, Padding.NONE)));
    }

    private static Layer layer(Parameters parameters, int width, boolean scaled) {
        return new Layer(
                parameters.conv(
                        "dwconv",
                        true,
                        new Conv2d.Kernel(width, width, 7, 7),
                        new Conv2d.Geometry(1, Padding.all(3), 1, width)),
                parameters.norm("layernorm", width, EPSILON),
                parameters.linear("pwconv1", EXPANSION * width, width),
                parameters.pointwise("pwconv2", scaled ? "layer_scale_parameter" : null, EXPANSION * width, width));
    }

    @Override
    public Tensor features(Ops ops, Tensor pixels, Planes planes, Tap tap) {
        ConvOps pictures = ops.pictures();
        Tensor x = pictures.conv2d(pixels, planes, patches, Activation.NONE); // [N·H/p·W/p, C_0]
        Planes size = patches.result(planes);
        x = ops.rows().layerNorm(x, patchNorm);
        tap.hidden(0, x);
        for (int s = 0; s < stages.size(); s++) {
            Downsampling down = stages.get(s).downsampling();
            if (down != null) {
                x = pictures.conv2d(ops.rows().layerNorm(x, down.norm()), size, down.conv(), Activation.NONE);
                size = down.conv().result(size);
            }
            for (Layer layer : stages.get(s).layers()) {
                layer.forward(ops, x, size, activation); // [N·H_s·W_s, C_s]
            }
            tap.hidden(s + 1, x);
        }
        return ops.rows().layerNorm(pictures.globalPool(x, size, Pooling.MEAN), norm); // [N, C_last]
    }

    /** Its products of rows leave f32 in int8, and are added to what convolutions leave. */
    @Override
    public DType between(Device device, Precision precision) {
        return precision.activations();
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

    /** A pixel of the last stage. */
    @Override
    public int smallest() {
        return patches.kernel().height() << (stages.size() - 1);
    }
}
