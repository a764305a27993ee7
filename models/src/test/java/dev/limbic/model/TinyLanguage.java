package dev.limbic.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Writes folders of a tiny GPT-2 with random weights and a byte-level tokeniser: a chat model with control tokens, or
 * one that has never heard of conversations. What it says is noise, the same each time.
 */
public final class TinyLanguage {
    /** Longest sequence. */
    public static final int CONTEXT = 256;

    /** Rows of the embedding: more than the tokeniser has tokens, as models are padded. */
    public static final int VOCABULARY = 312;

    /** Id of the token that ends a turn. */
    public static final int END = 303;

    private static final int HIDDEN = 32;
    private static final int LAYERS = 2;
    private static final int FIRST_MARK = 300;

    /** Marks of the chat form, from id 300 on. */
    private static final List<String> MARKS = List.of(
            "<|system|>",
            "<|user|>",
            "<|assistant|>",
            "<|end|>",
            "<|joy|>",
            "<|sadness|>",
            "<|curious|>",
            "<|no_emotion|>");

    private static final String TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>"
            + "{% if m.emotion is defined %}<|{{ m.emotion }}|>{% endif %}{{ m.content }}<|end|>{% endfor %}"
            + "{% if add_generation_prompt %}<|assistant|>"
            + "{% if emotion is defined %}<|{{ emotion }}|>{% else %}<|no_emotion|>{% endif %}{% endif %}";

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private TinyLanguage() {}

    /** A chat model with tokens for joy, sadness and curious. */
    public static Path chat(Path folder) throws IOException {
        plain(folder);
        ObjectNode tokenizer = json(folder, "tokenizer.json");
        ArrayNode added = (ArrayNode) tokenizer.get("added_tokens");
        for (int i = 0; i < MARKS.size(); i++) {
            added.addObject()
                    .put("id", FIRST_MARK + i)
                    .put("content", MARKS.get(i))
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
        }
        write(folder, "tokenizer.json", tokenizer);
        edit(folder, "tokenizer_config.json", config -> config.put("chat_template", TEMPLATE));
        edit(folder, "config.json", config -> {
            config.put("eos_token_id", END);
            ObjectNode emotions = config.putObject("limbic").putObject("emotions");
            emotions.put("joy", FIRST_MARK + 4).put("sadness", FIRST_MARK + 5).put("curious", FIRST_MARK + 6);
        });
        edit(
                folder,
                "generation_config.json",
                config -> config.put("eos_token_id", END).put("do_sample", true).put("max_new_tokens", 24));
        return folder;
    }

    /** A model without a chat template. */
    public static Path plain(Path folder) throws IOException {
        Files.createDirectories(folder);
        try (InputStream in = TinyLanguage.class.getResourceAsStream("/golden-generation/gpt2/tokenizer.json")) {
            Files.write(
                    folder.resolve("tokenizer.json"), Objects.requireNonNull(in).readAllBytes());
        }
        write(folder, "tokenizer_config.json", MAPPER.createObjectNode().put("eos_token", "</s>"));
        ObjectNode config = MAPPER.createObjectNode();
        config.putArray("architectures").add("GPT2LMHeadModel");
        config.put("activation_function", "gelu_new")
                .put("eos_token_id", 2)
                .put("layer_norm_epsilon", 1e-5)
                .put("model_type", "gpt2")
                .put("n_embd", HIDDEN)
                .put("n_head", 4)
                .put("n_layer", LAYERS)
                .put("n_positions", CONTEXT)
                .put("vocab_size", VOCABULARY);
        write(folder, "config.json", config);
        write(
                folder,
                "generation_config.json",
                MAPPER.createObjectNode().put("do_sample", true).put("max_new_tokens", 24));
        Files.write(folder.resolve("model.safetensors"), weights());
        return folder;
    }

    /** Changes a JSON file of the folder. */
    public static void edit(Path folder, String file, Consumer<ObjectNode> change) throws IOException {
        ObjectNode node = json(folder, file);
        change.accept(node);
        write(folder, file, node);
    }

    private static ObjectNode json(Path folder, String file) throws IOException {
        return (ObjectNode) MAPPER.readTree(Files.readString(folder.resolve(file)));
    }

    private static void write(Path folder, String file, JsonNode node) throws IOException {
        Files.writeString(folder.resolve(file), node.toString());
    }

    private static byte[] weights() throws IOException {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("transformer.wte.weight", new int[] {VOCABULARY, HIDDEN});
        shapes.put("transformer.wpe.weight", new int[] {CONTEXT, HIDDEN});
        for (int layer = 0; layer < LAYERS; layer++) {
            String prefix = "transformer.h." + layer + ".";
            shapes.put(prefix + "ln_1.weight", new int[] {HIDDEN});
            shapes.put(prefix + "ln_1.bias", new int[] {HIDDEN});
            shapes.put(prefix + "attn.c_attn.weight", new int[] {HIDDEN, 3 * HIDDEN});
            shapes.put(prefix + "attn.c_attn.bias", new int[] {3 * HIDDEN});
            shapes.put(prefix + "attn.c_proj.weight", new int[] {HIDDEN, HIDDEN});
            shapes.put(prefix + "attn.c_proj.bias", new int[] {HIDDEN});
            shapes.put(prefix + "ln_2.weight", new int[] {HIDDEN});
            shapes.put(prefix + "ln_2.bias", new int[] {HIDDEN});
            shapes.put(prefix + "mlp.c_fc.weight", new int[] {HIDDEN, 4 * HIDDEN});
            shapes.put(prefix + "mlp.c_fc.bias", new int[] {4 * HIDDEN});
            shapes.put(prefix + "mlp.c_proj.weight", new int[] {4 * HIDDEN, HIDDEN});
            shapes.put(prefix + "mlp.c_proj.bias", new int[] {HIDDEN});
        }
        shapes.put("transformer.ln_f.weight", new int[] {HIDDEN});
        shapes.put("transformer.ln_f.bias", new int[] {HIDDEN});
        ObjectNode header = MAPPER.createObjectNode();
        int total = 0;
        for (Map.Entry<String, int[]> each : shapes.entrySet()) {
            int size = 4;
            ObjectNode entry = header.putObject(each.getKey()).put("dtype", "F32");
            ArrayNode shape = entry.putArray("shape");
            for (int dimension : each.getValue()) {
                shape.add(dimension);
                size *= dimension;
            }
            entry.putArray("data_offsets").add(total).add(total + size);
            total += size;
        }
        byte[] json = MAPPER.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(8 + json.length + total).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(json.length).put(json);
        Random random = new Random(11);
        for (Map.Entry<String, int[]> each : shapes.entrySet()) {
            boolean norm = each.getKey().contains("ln_") && each.getKey().endsWith("weight");
            double spread = each.getKey().contains("wte") ? 0.4 : 0.2;
            int count = 1;
            for (int dimension : each.getValue()) {
                count *= dimension;
            }
            for (int i = 0; i < count; i++) {
                out.putFloat((float) ((norm ? 1 : 0) + spread * random.nextGaussian()));
            }
        }
        return out.array();
    }
}
