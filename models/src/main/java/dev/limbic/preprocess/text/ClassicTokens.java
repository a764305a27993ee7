package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.weights.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The added and special tokens of a tokeniser, gathered from where transformers looks for them: {@code added_tokens_decoder}
 * of {@code tokenizer_config.json}; where that is absent, {@code special_tokens_map.json}, {@code added_tokens.json} and the
 * list in tokenizer.json.
 */
final class ClassicTokens {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final List<String> FLAGS = List.of("single_word", "lstrip", "rstrip", "normalized");

    private static final List<String> LISTS = List.of("additional_special_tokens", "extra_special_tokens");
    private static final List<String> ROLES =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private final Path source;
    private final ObjectNode vocab;
    private final ObjectNode config;
    private final ObjectNode specialTokens;
    private final Map<String, ObjectNode> added = new LinkedHashMap<>();
    private int lastAdded = -1;

    /**
     * Reads what is declared.
     *
     * @param source file of the vocabulary, for messages
     * @param vocab ids by token
     * @param inFile the list of a tokenizer.json, empty without one
     */
    ClassicTokens(Path folder, ObjectNode config, Path source, ObjectNode vocab, JsonNode inFile) {
        this.source = source;
        this.vocab = vocab;
        this.config = config;
        JsonNode declared = config.path("added_tokens_decoder");
        SortedMap<Integer, JsonNode> byId = new TreeMap<>();
        if (declared.isObject()) {
            specialTokens = NODES.objectNode();
            Path file = folder.resolve("tokenizer_config.json");
            declared.properties().forEach(entry -> byId.put(id(file, entry.getKey()), entry.getValue()));
        } else {
            specialTokens = TokenizerFiles.objectOrEmpty(folder.resolve("special_tokens_map.json"));
            Path older = folder.resolve("added_tokens.json");
            TokenizerFiles.objectOrEmpty(older)
                    .properties()
                    .forEach(entry -> byId.put(
                            TokenVocabulary.id(older, entry.getValue(), entry.getKey()),
                            NODES.objectNode().put("content", entry.getKey()).put("normalized", true)));
            inFile.forEach(token -> byId.put(token.path("id").asInt(), token));
        }
        byId.forEach((id, token) -> declare(token, id));
        ROLES.forEach(role -> addIfKnown(named(role)));
        for (String list : LISTS) {
            for (JsonNode token : config.path(list)) {
                addIfKnown(token);
            }
        }
    }

    /**
     * Those of a tokenizer.json that is taken as it is: its own, with the flags that the configuration gives them, and those
     * that only the configuration calls special.
     */
    static ArrayNode ofGeneral(ObjectNode config, JsonNode vocab, JsonNode inFile) {
        Map<String, ObjectNode> added = new LinkedHashMap<>();
        inFile.forEach(token -> added.put(content(token), token.deepCopy()));
        List<JsonNode> named = new ArrayList<>();
        config.path("added_tokens_decoder").forEach(named::add);
        ROLES.forEach(role -> named.add(config.path(role)));
        LISTS.forEach(list -> config.path(list).forEach(named::add));
        for (JsonNode token : named) {
            ObjectNode before = added.get(content(token));
            if (before == null && !content(token).isEmpty() && vocab.has(content(token))) {
                boolean special = !token.isObject() || token.path("special").asBoolean(true);
                added.put(
                        content(token),
                        entry(content(token), vocab.path(content(token)).asInt(), token, special));
            }
            if (before != null && token.isObject()) {
                for (String flag : List.of("single_word", "lstrip", "rstrip")) {
                    before.put(
                            flag, token.path(flag).asBoolean(before.path(flag).asBoolean()));
                }
            }
        }
        return NODES.arrayNode().addAll(added.values());
    }

    /** All of them, as tokenizer.json lists them. */
    ArrayNode added() {
        return NODES.arrayNode().addAll(added.values());
    }

    /** The token of that role, added if the vocabulary has it: as the files say, else the usual one. */
    String special(String role, String usual) {
        JsonNode named = named(role);
        JsonNode token = content(named).isEmpty() ? NODES.textNode(usual) : named;
        addIfKnown(token);
        return content(token);
    }

    private JsonNode named(String role) {
        return content(specialTokens.path(role)).isEmpty() ? config.path(role) : specialTokens.path(role);
    }

    /** The same of a role that texts cannot do without. */
    String required(String role, String usual) {
        String token = special(role, usual);
        if (!added.containsKey(token)) {
            throw new TokenizerException(source + ": expected the special token '" + token + "', found none");
        }
        return token;
    }

    /** The id of a token that was added. */
    int id(String token) {
        ObjectNode entry = added.get(token);
        return entry == null ? -1 : entry.path("id").asInt();
    }

    private static int id(Path file, String id) {
        try {
            return Integer.parseUnsignedInt(id);
        } catch (NumberFormatException e) {
            throw new TokenizerException(file + ": key 'added_tokens_decoder': expected ids, found '" + id + "'", e);
        }
    }

    private void declare(JsonNode token, int id) {
        String content = content(token);
        if (content.isEmpty()) {
            throw new TokenizerException(source + ": added token " + id
                    + ": expected a string as 'content' that is not empty, found " + StrictJson.kind(token));
        }
        // The library numbers the tokens that the vocabulary lacks by itself.
        int next = Math.max(vocab.size(), lastAdded + 1);
        int expected = vocab.has(content) ? vocab.get(content).asInt() : next;
        if (id != expected) {
            throw new TokenizerException(source + ": id of added token '" + content + "': expected " + expected
                    + (vocab.has(content) ? " as in the vocabulary" : ", the next free one") + ", found " + id);
        }
        lastAdded = Math.max(lastAdded, id);
        put(content, id, token, token.path("special").asBoolean(false));
    }

    private void addIfKnown(JsonNode token) {
        String content = content(token);
        ObjectNode before = added.get(content);
        if (before != null) {
            before.put("special", true);
        } else if (vocab.has(content)) {
            put(content, vocab.get(content).asInt(), token, true);
        }
    }

    private void put(String content, int id, JsonNode flags, boolean special) {
        added.put(content, entry(content, id, flags, special));
    }

    private static ObjectNode entry(String content, int id, JsonNode flags, boolean special) {
        ObjectNode entry = NODES.objectNode().put("id", id).put("content", content);
        for (String flag : FLAGS) {
            entry.put(flag, flags.path(flag).asBoolean(flag.equals("normalized") && !special));
        }
        return entry.put("special", special);
    }

    private static String content(JsonNode token) {
        return token.isObject() ? token.path("content").asText("") : token.asText("");
    }
}
