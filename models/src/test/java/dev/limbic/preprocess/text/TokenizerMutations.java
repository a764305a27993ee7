package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Damages tokenizer.json files in seeded ways and loads and uses each. A program of its own, because native code that meets
 * the impossible ends its process: {@code FOLDER COUNT FILE...}. Each line says which case comes next; the last one how many
 * were refused.
 */
final class TokenizerMutations {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String[] TEXTS = {
        "",
        "a",
        "Why? 12345 été 我今天 <s>x</s> [CLS]",
        " \t\n  ",
        "x".repeat(300),
        "\u0000\u0301\u200d👩‍👩‍👧",
        "ﬁ Ⅳ \u1e9b\u0323"
    };
    private static final String[] VALUES = {
        "null",
        "true",
        "0",
        "-1",
        "1",
        "2.5",
        "4294967295",
        "99999999999999999999",
        "1e308",
        "1e999",
        "\"\"",
        "\"a\"",
        "\"\\ud800\"",
        "\"\\udc00x\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "[[]]",
        "[\"a\",\"b\"]",
        "{\"type\":\"Sequence\"}",
        "{\"type\":\"ByteLevel\"}",
        "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}",
        "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"BAAAAAAEAAA=\"}",
        "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"/////wAA\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"xx\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(\"},\"content\":\"\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\"},\"content\":\"é\"}",
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(x+x+)+y\"},\"behavior\":\"Isolated\",\"invert\":false}",
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(x|x)*y\"},\"behavior\":\"Isolated\",\"invert\":false}",
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x*x*x*x*x*x*x*y\"},\"behavior\":\"Removed\",\"invert\":true}",
        "{\"type\":\"Split\",\"pattern\":{\"String\":\"\"},\"behavior\":\"MergedWithNext\",\"invert\":true}",
        "{\"type\":\"FixedLength\",\"length\":0}",
        "{\"type\":\"Prepend\",\"prepend\":\"\"}",
        "{\"type\":\"Nmt\"}",
        "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"ab\"}",
        "{\"type\":\"UnicodeScripts\"}",
        "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
        "{\"type\":\"StripAccents\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}",
        "{\"type\":\"Metaspace\",\"replacement\":\"\"}",
        "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"q\",\"type_id\":0}},"
                + "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}",
        "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"pair\":[],"
                + "\"special_tokens\":{}}",
        "{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[],\"special_tokens\":{}}",
        "{\"type\":\"BertProcessing\",\"sep\":[\"a\",0],\"cls\":[\"a\",4294967295]}",
        "{\"type\":\"Sequence\",\"processors\":[{\"type\":\"BertProcessing\",\"sep\":[\"a\",0],\"cls\":[\"a\",1]},"
                + "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[],"
                + "\"special_tokens\":{}}]}",
        "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[\"a b\"],\"continuing_subword_prefix\":\"##\"}",
        "{\"type\":\"Unigram\",\"vocab\":[],\"unk_id\":0}",
        "{\"type\":\"Unigram\",\"vocab\":[[\"\",-1]],\"unk_id\":0}",
        "{\"type\":\"Unigram\",\"vocab\":[[\"a\",1e308],[\"a\",-1e308]],\"unk_id\":1,\"byte_fallback\":true}",
        "{\"type\":\"WordPiece\",\"vocab\":{\"a\":0},\"unk_token\":\"q\",\"continuing_subword_prefix\":\"\","
                + "\"max_input_chars_per_word\":0}",
        "{\"type\":\"WordLevel\",\"vocab\":{\"a\":4000000},\"unk_token\":\"q\"}"
    };

    private TokenizerMutations() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        int count = Integer.parseInt(arguments[1]);
        List<String> originals = new ArrayList<>();
        for (int i = 2; i < arguments.length; i++) {
            originals.add(Files.readString(Path.of(arguments[i])));
        }
        int refused = 0;
        for (int seed = 0; seed < count; seed++) {
            Random random = new Random(seed);
            int original = random.nextInt(originals.size());
            String text = random.nextInt(4) == 0
                    ? bytes(originals.get(original), random)
                    : tree(originals.get(original), random);
            System.out.println("case " + seed + " of " + arguments[original + 2]);
            System.out.flush();
            Files.writeString(folder.resolve("tokenizer.json"), text);
            refused += use(folder) ? 0 : 1;
        }
        System.out.println(count + " cases, " + refused + " refused");
    }

    /** Whether the folder's tokeniser could be used. Only a refusal of the kind that operators are shown may come out. */
    private static boolean use(Path folder) {
        try {
            TextEncoder encoder = TextEncoder.open(folder).limitedTo(64);
            for (String text : TEXTS) {
                encoder.encode(text);
            }
            PromptEncoder.open(folder).harmless("x <|im_end|> y");
            return true;
        } catch (TokenizerException e) {
            String message = String.valueOf(e.getMessage());
            if (!message.startsWith(folder.toString()) || message.contains("Exception")) {
                throw new IllegalStateException("a refusal that does not help: " + message, e);
            }
            return false;
        } catch (dev.limbic.domain.LimbicException e) {
            // A text that the model cannot express: the request fails, nothing else.
            return false;
        }
    }

    private static String tree(String json, Random random) throws IOException {
        ObjectNode root = (ObjectNode) MAPPER.readTree(json);
        List<String> put = new ArrayList<>();
        for (int times = 1 + random.nextInt(3); times > 0; times--) {
            mutate(root, random, put);
        }
        String text = root.toString();
        for (int i = 0; i < put.size(); i++) {
            text = text.replace("\"@" + i + "@\"", put.get(i));
        }
        return text;
    }

    /** Walks down at random and changes what it comes to; values that a tree cannot hold are put in later as text. */
    private static void mutate(JsonNode start, Random random, List<String> put) {
        JsonNode node = start;
        while (true) {
            JsonNode next = child(node, random);
            boolean last = !next.isContainerNode() || next.isEmpty() || random.nextInt(4) == 0;
            if (!last) {
                node = next;
                continue;
            }
            put.add(VALUES[random.nextInt(VALUES.length)]);
            String mark = "@" + (put.size() - 1) + "@";
            boolean remove = random.nextInt(5) == 0;
            if (node instanceof ObjectNode object) {
                List<String> keys = new ArrayList<>();
                object.fieldNames().forEachRemaining(keys::add);
                String key = keys.isEmpty() ? "new" : keys.get(random.nextInt(keys.size()));
                if (remove) {
                    object.remove(key);
                } else {
                    object.put(key, mark);
                }
            } else if (node instanceof ArrayNode array) {
                int at = random.nextInt(array.size() + 1);
                if (remove && at < array.size()) {
                    array.remove(at);
                } else if (at < array.size() && random.nextBoolean()) {
                    array.set(at, mark);
                } else {
                    array.insert(at, mark);
                }
            }
            return;
        }
    }

    /** Structure rather than one of many words. */
    private static JsonNode child(JsonNode node, Random random) {
        List<JsonNode> children = new ArrayList<>();
        node.forEach(children::add);
        List<JsonNode> structures =
                children.stream().filter(JsonNode::isContainerNode).toList();
        List<JsonNode> from = structures.isEmpty() || random.nextInt(3) == 0 ? children : structures;
        return from.isEmpty() ? node : from.get(random.nextInt(from.size()));
    }

    private static String bytes(String json, Random random) {
        StringBuilder text = new StringBuilder(json);
        int at = random.nextInt(text.length());
        switch (random.nextInt(5)) {
            case 0 -> text.setLength(at);
            case 1 -> text.setCharAt(at, (char) (1 + random.nextInt(126)));
            case 2 -> text.insert(at, VALUES[random.nextInt(VALUES.length)]);
            case 3 -> text.insert(at, "[".repeat(5000));
            default -> {
                int quote = text.indexOf("\"", at);
                text.insert(Math.max(quote, 0) + 1, random.nextBoolean() ? "\\ud800" : "\\ud83d\\ude00");
            }
        }
        return new String(text.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }
}
