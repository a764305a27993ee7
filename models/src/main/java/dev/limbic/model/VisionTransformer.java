package dev.limbic.model;

import dev.limbic.layer.EncoderLayer;
import dev.limbic.layer.Parameters;
import dev.limbic.layer.PatchEmbedding;
import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Device;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Sequences;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@code ViTForImageClassification} (Dosovitskiy et al. 2020): patches are the words of an encoder that normalises first; a
 * class token before them is what the classifier reads. P patches, H hidden.
 */
final class VisionTransformer implements PictureNetwork {
    private final int channels;
    private final ImageSettings.Size size;
    private final int patchCount;
    private final PatchEmbedding patches;

    /** The class token with its position, [1, H]. */
    private final Tensor classToken;

    /** Of the patches, in one row, [1, P·H]. */
    private final Tensor positions;

    private final List<EncoderLayer> layers = new ArrayList<>();
    private final Norm norm;
    private final int featureSize;

    VisionTransformer(HfConfig config, Parameters parameters) {
        channels = PictureNetwork.channels(config);
        int[] image = config.sidesOr("image_size", 224, 1 << 12);
        int[] patch = config.sidesOr("patch_size", 16, 1 << 10);
        if (patch[0] > image[0] || patch[1] > image[1]) {
            throw config.unexpected("patch_size", "at most image_size", patch[0] + " × " + patch[1]);
        }
        boolean fill = image[0] % patch[0] == 0 && image[1] % patch[1] == 0;
        if (!fill && patch[0] != patch[1]) {
            throw config.unexpected(
                    "patch_size", "a square, or patches that fill the picture", patch[0] + " × " + patch[1]);
        }
        size = new ImageSettings.Size(image[0], image[1]);
        patchCount = (image[0] / patch[0]) * (image[1] / patch[1]);
        int hidden = config.intOr("hidden_size", 768, 1, 1 << 16);
        Parameters model = parameters.sub("vit");
        Parameters embeddings = model.sub("embeddings");
        patches = PatchEmbedding.of(
                embeddings.sub("patch_embeddings"),
                "projection",
                new Conv2d.Kernel(channels, hidden, patch[0], patch[1]),
                fill);
        float[] token = embeddings.view().tensor("cls_token", 1, 1, hidden).toFloats();
        float[] places = embeddings
                .view()
                .tensor("position_embeddings", 1, 1 + patchCount, hidden)
                .toFloats();
        for (int i = 0; i < hidden; i++) {
            token[i] += places[i];
        }
        classToken = row(parameters, token);
        positions = row(parameters, Arrays.copyOfRange(places, hidden, places.length));
        double epsilon = config.doubleOr("layer_norm_eps", 1e-12, 0, 1);
        encoder(config, model, hidden, epsilon);
        norm = model.norm("layernorm", hidden, epsilon);
        featureSize = hidden;
    }

    private static Tensor row(Parameters parameters, float[] values) {
        HostTensor row = HostTensor.of(Shape.of(1, values.length), values);
        return parameters.weights().tensor(row, parameters.precision().activations());
    }

    private void encoder(HfConfig config, Parameters model, int hidden, double epsilon) {
        int intermediate = config.intOr("intermediate_size", 3072, 1, 1 << 18);
        String key = "num_attention_heads";
        int heads = Encoder.heads(config, key, config.intOr(key, 12, 1, 1024), hidden);
        boolean biased = config.booleanOr("qkv_bias", true);
        Activation activation = Encoder.activation(config, "hidden_act");
        int[] three = {hidden, hidden, hidden};
        for (int i = 0; i < config.intOr("num_hidden_layers", 12, 1, 1024); i++) {
            Parameters layer = model.sub("encoder.layer." + i);
            layers.add(new EncoderLayer(
                    layer.sub("attention.attention")
                            .sideBySide(hidden, biased, List.of("query", "key", "value"), three),
                    layer.linear("attention.output.dense", hidden, hidden),
                    layer.norm("layernorm_before", hidden, epsilon),
                    layer.linear("intermediate.dense", intermediate, hidden),
                    activation,
                    layer.linear("output.dense", hidden, intermediate),
                    layer.norm("layernorm_after", hidden, epsilon),
                    heads,
                    true));
        }
    }

    /** Each picture is a sequence of its class token and its patches. */
    @Override
    public Forward on(Device device, int pictures) {
        int[] bounds = new int[pictures + 1];
        Arrays.setAll(bounds, picture -> picture * (1 + patchCount));
        Sequences sequences = Sequences.on(device, bounds);
        Tensor first = new Tensor(
                sequences.cuSeqlens().dtype(),
                Shape.of(pictures),
                sequences.cuSeqlens().address()); // [N]: where a sequence begins is the row of its class token
        Tensor zeros = device.upload(new int[pictures]); // [N]
        return (ops, pixels, planes, tap) -> features(ops, pixels, planes, tap, sequences, first, zeros);
    }

    private Tensor features(
            Ops ops, Tensor pixels, Planes planes, Tap tap, Sequences sequences, Tensor first, Tensor zeros) {
        int n = planes.n();
        Tensor places = ops.rows().embed(List.of(new Lookup(positions, zeros)), null); // [N, P·H]
        Tensor words = patches.forward(
                ops.pictures(), pixels, planes, places.shaped(n * patchCount, classToken.columns())); // [N·P, H]
        Tensor tokens = ops.rows().embed(List.of(new Lookup(classToken, zeros)), null); // [N, H]
        Tensor hidden = ops.rows()
                .concat(List.of(tokens, words.shaped(n, positions.columns())))
                .shaped(sequences.tokens(), classToken.columns()); // [N·(1 + P), H]
        tap.hidden(0, hidden);
        for (int i = 0; i < layers.size(); i++) {
            layers.get(i).forward(ops, hidden, sequences);
            tap.hidden(i + 1, hidden);
        }
        return ops.rows().layerNorm(ops.rows().gatherRows(hidden, first), norm); // [N, H]
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
        return size;
    }
}
