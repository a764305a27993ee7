package dev.limbic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes a Hugging Face folder with ViT-B/16's shape and random weights, and lists its products. */
final class RandomVit {
    static final int SIDE = 224;
    private static final int PATCH = 16;
    private static final int HIDDEN = 768;
    private static final int INTERMEDIATE = 3072;
    private static final int LAYERS = 12;
    private static final int LABELS = 2;

    /** Patches of a picture, and the class token. */
    private static final int TOKENS = 1 + (SIDE / PATCH) * (SIDE / PATCH);

    private RandomVit() {}

    /** A product of [rows, in] and [in, out]. */
    record Product(int rows, int in, int out) {}

    /** The convolution that makes tokens of patches. */
    static VisionNet.Layer patches() {
        return new VisionNet.Layer(3, SIDE, HIDDEN, PATCH, PATCH, 0, 1);
    }

    /** The products of all layers for so many pictures. */
    static List<Product> products(int pictures) {
        int rows = pictures * TOKENS;
        List<Product> products = new ArrayList<>();
        for (int i = 0; i < LAYERS; i++) {
            products.add(new Product(rows, HIDDEN, 3 * HIDDEN));
            products.add(new Product(rows, HIDDEN, HIDDEN));
            products.add(new Product(rows, HIDDEN, INTERMEDIATE));
            products.add(new Product(rows, INTERMEDIATE, HIDDEN));
        }
        return products;
    }

    private static RandomWeights weights() {
        RandomWeights weights = new RandomWeights();
        weights.put("vit.embeddings.cls_token", 1, 1, HIDDEN);
        weights.put("vit.embeddings.position_embeddings", 1, TOKENS, HIDDEN);
        weights.put("vit.embeddings.patch_embeddings.projection.weight", HIDDEN, 3, PATCH, PATCH);
        weights.put("vit.embeddings.patch_embeddings.projection.bias", HIDDEN);
        for (int i = 0; i < LAYERS; i++) {
            String layer = "vit.encoder.layer." + i + ".";
            weights.linear(layer + "attention.attention.query", HIDDEN, HIDDEN, HIDDEN);
            weights.linear(layer + "attention.attention.key", HIDDEN, HIDDEN, HIDDEN);
            weights.linear(layer + "attention.attention.value", HIDDEN, HIDDEN, HIDDEN);
            weights.linear(layer + "attention.output.dense", HIDDEN, HIDDEN, HIDDEN);
            weights.linear(layer + "intermediate.dense", INTERMEDIATE, HIDDEN, INTERMEDIATE);
            weights.linear(layer + "output.dense", HIDDEN, INTERMEDIATE, HIDDEN);
            weights.norm(layer + "layernorm_before", HIDDEN);
            weights.norm(layer + "layernorm_after", HIDDEN);
        }
        weights.norm("vit.layernorm", HIDDEN);
        weights.linear("classifier", LABELS, HIDDEN, LABELS);
        return weights;
    }

    static void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), """
                {"architectures": ["ViTForImageClassification"], "model_type": "vit", "hidden_size": %d,
                 "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": 12, "image_size": %d,
                 "patch_size": %d, "num_channels": 3, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "qkv_bias": true,
                 "id2label": {"0": "calm", "1": "moved"}}
                """.formatted(HIDDEN, INTERMEDIATE, LAYERS, SIDE, PATCH));
        Files.writeString(folder.resolve("preprocessor_config.json"), """
                {"image_processor_type": "ViTImageProcessor", "size": {"height": %d, "width": %d}}
                """.formatted(SIDE, SIDE));
        weights().write(folder.resolve("model.safetensors"), RandomWeights.Type.BF16);
    }
}
