package dev.limbic.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a Hugging Face folder with GPT-2 small's shape and random weights, so that what is measured is what is served. */
final class RandomGpt2 {
    static final int HIDDEN = 768;
    static final int INNER = 3072;
    static final int LAYERS = 12;
    static final int VOCABULARY = 50_257;
    static final int POSITIONS = 1024;

    private RandomGpt2() {}

    /** Numbers of the products that one step reads: of all layers and of the head. */
    static long weightsOfStep() {
        return (long) LAYERS * HIDDEN * (4 * HIDDEN + 2 * INNER) + (long) VOCABULARY * HIDDEN;
    }

    /** A tokeniser of single bytes, so that a server loads the model: a letter is a token, and every id has a text. */
    static void writeTokenizer(Path folder) throws IOException {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        char next = 256;
        for (char b = 0; b < 256; b++) {
            boolean itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            vocabulary.put(String.valueOf(itself ? b : next++), vocabulary.size());
        }
        while (vocabulary.size() < VOCABULARY) {
            vocabulary.put("w" + vocabulary.size(), vocabulary.size());
        }
        Map<String, Object> model = Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of());
        Map<String, Object> level =
                Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", true);
        new ObjectMapper()
                .writeValue(
                        folder.resolve("tokenizer.json").toFile(),
                        Map.of("version", "1.0", "model", model, "pre_tokenizer", level, "decoder", level));
    }

    static void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), """
                {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": %d, "n_inner": %d,
                 "n_layer": %d, "n_head": 12, "vocab_size": %d, "n_positions": %d, "layer_norm_epsilon": 1e-5,
                 "activation_function": "gelu_new"}
                """.formatted(HIDDEN, INNER, LAYERS, VOCABULARY, POSITIONS));
        RandomWeights weights = new RandomWeights();
        weights.put("transformer.wte.weight", VOCABULARY, HIDDEN);
        weights.put("transformer.wpe.weight", POSITIONS, HIDDEN);
        for (int i = 0; i < LAYERS; i++) {
            String layer = "transformer.h." + i + ".";
            weights.norm(layer + "ln_1", HIDDEN);
            weights.linear(layer + "attn.c_attn", HIDDEN, 3 * HIDDEN, 3 * HIDDEN);
            weights.linear(layer + "attn.c_proj", HIDDEN, HIDDEN, HIDDEN);
            weights.norm(layer + "ln_2", HIDDEN);
            weights.linear(layer + "mlp.c_fc", HIDDEN, INNER, INNER);
            weights.linear(layer + "mlp.c_proj", INNER, HIDDEN, HIDDEN);
        }
        weights.norm("transformer.ln_f", HIDDEN);
        weights.write(folder.resolve("model.safetensors"), RandomWeights.Type.BF16);
    }
}
