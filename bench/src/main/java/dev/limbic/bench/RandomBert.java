package dev.limbic.bench;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;

/** Writes a Hugging Face folder with BERT-base's shape and random weights, so that what is measured is what is served. */
final class RandomBert {
    static final int HIDDEN = 768;
    static final int INTERMEDIATE = 3072;
    static final int LAYERS = 12;
    static final int LABELS = 28;
    static final int VOCABULARY = 30_522;
    static final int POSITIONS = 512;

    private final Map<String, int[]> tensors = new LinkedHashMap<>();

    private RandomBert() {
        put("bert.embeddings.word_embeddings.weight", VOCABULARY, HIDDEN);
        put("bert.embeddings.position_embeddings.weight", POSITIONS, HIDDEN);
        put("bert.embeddings.token_type_embeddings.weight", 2, HIDDEN);
        norm("bert.embeddings.LayerNorm");
        for (int i = 0; i < LAYERS; i++) {
            String layer = "bert.encoder.layer." + i + ".";
            linear(layer + "attention.self.query", HIDDEN, HIDDEN);
            linear(layer + "attention.self.key", HIDDEN, HIDDEN);
            linear(layer + "attention.self.value", HIDDEN, HIDDEN);
            linear(layer + "attention.output.dense", HIDDEN, HIDDEN);
            norm(layer + "attention.output.LayerNorm");
            linear(layer + "intermediate.dense", INTERMEDIATE, HIDDEN);
            linear(layer + "output.dense", HIDDEN, INTERMEDIATE);
            norm(layer + "output.LayerNorm");
        }
        linear("bert.pooler.dense", HIDDEN, HIDDEN);
        linear("classifier", LABELS, HIDDEN);
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
        new RandomBert().writeWeights(folder.resolve("model.safetensors"));
    }

    private static String labels() {
        StringJoiner labels = new StringJoiner(", ");
        for (int i = 0; i < LABELS; i++) {
            labels.add("\"" + i + "\": \"label" + i + "\"");
        }
        return labels.toString();
    }

    private void put(String name, int... shape) {
        tensors.put(name, shape);
    }

    private void linear(String name, int out, int in) {
        put(name + ".weight", out, in);
        put(name + ".bias", out);
    }

    private void norm(String name) {
        put(name + ".weight", HIDDEN);
        put(name + ".bias", HIDDEN);
    }

    private void writeWeights(Path file) throws IOException {
        StringJoiner header = new StringJoiner(",", "{", "}");
        long offset = 0;
        for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
            long bytes = 4L * elements(tensor.getValue());
            header.add("\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                    .formatted(
                            tensor.getKey(),
                            java.util.Arrays.toString(tensor.getValue()).replace(" ", ""),
                            offset,
                            offset + bytes));
            offset += bytes;
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        Random random = new Random(1);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(text.length)
                    .array());
            out.write(text);
            for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
                boolean gain = tensor.getKey().endsWith("LayerNorm.weight");
                int count = elements(tensor.getValue());
                ByteBuffer values = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < count; i++) {
                    values.putFloat(
                            gain ? 1 : (random.nextFloat() - 0.5f) * 0.14f); // the spread of BERT's initialisation
                }
                out.write(values.array());
            }
        }
    }

    private static int elements(int[] shape) {
        int count = 1;
        for (int n : shape) {
            count = Math.multiplyExact(count, n);
        }
        return count;
    }
}
