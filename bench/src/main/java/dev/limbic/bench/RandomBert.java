package dev.limbic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringJoiner;

/** Writes a Hugging Face folder with BERT-base's shape and random weights, so that what is measured is what is served. */
final class RandomBert {
    static final int HIDDEN = 768;
    static final int INTERMEDIATE = 3072;
    static final int LAYERS = 12;
    static final int LABELS = 28;
    static final int VOCABULARY = 30_522;
    static final int POSITIONS = 512;

    private RandomBert() {}

    private static RandomWeights weights() {
        RandomWeights weights = new RandomWeights();
        weights.put("bert.embeddings.word_embeddings.weight", VOCABULARY, HIDDEN);
        weights.put("bert.embeddings.position_embeddings.weight", POSITIONS, HIDDEN);
        weights.put("bert.embeddings.token_type_embeddings.weight", 2, HIDDEN);
        weights.norm("bert.embeddings.LayerNorm", HIDDEN);
        for (int i = 0; i < LAYERS; i++) {
            String layer = "bert.encoder.layer." + i + ".";
            weights.linear(layer + "attention.self.query", HIDDEN, HIDDEN, HIDDEN);
            weights.linear(layer + "attention.self.key", HIDDEN, HIDDEN, HIDDEN);
            weights.linear(layer + "attention.self.value", HIDDEN, HIDDEN, HIDDEN);
            weights.linear(layer + "attention.output.dense", HIDDEN, HIDDEN, HIDDEN);
            weights.norm(layer + "attention.output.LayerNorm", HIDDEN);
            weights.linear(layer + "intermediate.dense", INTERMEDIATE, HIDDEN, INTERMEDIATE);
            weights.linear(layer + "output.dense", HIDDEN, INTERMEDIATE, HIDDEN);
            weights.norm(layer + "output.LayerNorm", HIDDEN);
        }
        weights.linear("bert.pooler.dense", HIDDEN, HIDDEN, HIDDEN);
        weights.linear("classifier", LABELS, HIDDEN, LABELS);
        return weights;
    }

    /** Operations of the products of one token: two for each weight of the layers. */
    static double operationsPerToken() {
        return 2.0 * LAYERS * HIDDEN * (4.0 * HIDDEN + 2.0 * INTERMEDIATE);
    }

    /** Bytes of the layers' weights in a type of this size. */
    static double bytesOfLayers(int bytesPerNumber) {
        return operationsPerToken() / 2 * bytesPerNumber;
    }

    static void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), """
                {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "hidden_size": %d,
                 "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": 12, "vocab_size": %d,
                 "max_position_embeddings": %d, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
                 "num_labels": %d, "id2label": {%s}}
                """.formatted(
                        HIDDEN, INTERMEDIATE, LAYERS, VOCABULARY, POSITIONS, LABELS, labels()));
        StringBuilder vocabulary = new StringBuilder("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
        for (int i = 5; i < VOCABULARY; i++) {
            vocabulary.append("word").append(i).append('\n');
        }
        Files.writeString(folder.resolve("vocab.txt"), vocabulary);
        weights().write(folder.resolve("model.safetensors"), RandomWeights.Type.F32);
    }

    private static String labels() {
        StringJoiner labels = new StringJoiner(", ");
        for (int i = 0; i < LABELS; i++) {
            labels.add("\"" + i + "\": \"label" + i + "\"");
        }
        return labels.toString();
    }
}
