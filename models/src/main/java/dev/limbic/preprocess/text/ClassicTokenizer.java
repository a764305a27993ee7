package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Writes the tokenizer.json that transformers would, from the files that were usual before it. */
final class ClassicTokenizer {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Set<String> WORD_PIECE =
            new TreeSet<>(Set.of("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer"));
    private static final Set<String> BYTE_LEVEL = new TreeSet<>(Set.of("RobertaTokenizer"));
    private static final int MAX_WORD_CHARS = 100;

    private final Path folder;
    private final ObjectNode config;
    private final ObjectNode specialTokens;

    ClassicTokenizer(Path folder, ObjectNode config) {
        this.folder = folder;
        this.config = config;
        Path map = folder.resolve("special_tokens_map.json");
        this.specialTokens = Files.exists(map) ? TokenizerFiles.object(map) : NODES.objectNode();
    }

    /** BERT's: one token per line, whose number, from 0, is its id. */
    ObjectNode wordPiece(Path vocabFile) {
        TokenizerFiles.requireClass(folder, config, WORD_PIECE);
        ObjectNode vocab = NODES.objectNode();
        List<String> lines = TokenizerFiles.lines(vocabFile);
        for (int id = 0; id < lines.size(); id++) {
            // A token that stands there twice has the later id, as in transformers.
            vocab.put(lines.get(id), id);
        }
        String cls = special("cls_token", "[CLS]");
        String sep = special("sep_token", "[SEP]");
        String unk = special("unk_token", "[UNK]");
        ObjectNode json = NODES.objectNode();
        json.put("version", "1.0");
        ArrayNode added = json.putArray("added_tokens");
        addRequired(added, vocabFile, vocab, unk, cls, sep);
        addIfPresent(added, vocab, special("pad_token", "[PAD]"));
        addIfPresent(added, vocab, special("mask_token", "[MASK]"));
        addDeclared(added, vocab);
        ObjectNode normalizer = json.putObject("normalizer");
        normalizer.put("type", "BertNormalizer").put("clean_text", true);
        normalizer.put(
                "handle_chinese_chars", config.path("tokenize_chinese_chars").asBoolean(true));
        JsonNode stripAccents = config.path("strip_accents");
        normalizer.set("strip_accents", stripAccents.isBoolean() ? stripAccents : NODES.nullNode());
        normalizer.put("lowercase", config.path("do_lower_case").asBoolean(true));
        json.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
        ObjectNode template = json.putObject("post_processor").put("type", "TemplateProcessing");
        template.putArray("single").add(piece(cls)).add(text("A")).add(piece(sep));
        // Never used here, but the library wants it.
        template.putArray("pair")
                .add(piece(cls))
                .add(text("A"))
                .add(piece(sep))
                .add(text("B"))
                .add(piece(sep));
        ObjectNode used = template.putObject("special_tokens");
        for (String token : List.of(cls, sep)) {
            ObjectNode entry = used.putObject(token).put("id", token);
            entry.putArray("ids").add(vocab.get(token).asInt());
            entry.putArray("tokens").add(token);
        }
        ObjectNode model = json.putObject("model").put("type", "WordPiece");
        model.put("unk_token", unk).put("continuing_subword_prefix", "##");
        model.put("max_input_chars_per_word", MAX_WORD_CHARS).set("vocab", vocab);
        return json;
    }

    /** RoBERTa's: ids by token, and the merges in order of rank. */
    ObjectNode byteLevelBpe(Path vocabFile, Path mergesFile) {
        TokenizerFiles.requireClass(folder, config, BYTE_LEVEL);
        ObjectNode vocab = TokenizerFiles.object(vocabFile);
        vocab.properties().forEach(e -> {
            if (!e.getValue().isIntegralNumber()) {
                throw new TokenizerException(
                        vocabFile + ": expected an integer id for '" + e.getKey() + "', found " + e.getValue());
            }
        });
        String cls = special("cls_token", "<s>");
        String sep = special("sep_token", "</s>");
        boolean prefixSpace = config.path("add_prefix_space").asBoolean(false);
        ObjectNode json = NODES.objectNode();
        json.put("version", "1.0");
        ArrayNode added = json.putArray("added_tokens");
        addRequired(added, vocabFile, vocab, cls, sep);
        for (String key : List.of("unk", "pad", "mask")) {
            addIfPresent(added, vocab, special(key + "_token", "<" + key + ">"));
        }
        addDeclared(added, vocab);
        json.putObject("pre_tokenizer")
                .put("type", "ByteLevel")
                .put("add_prefix_space", prefixSpace)
                .put("trim_offsets", true)
                .put("use_regex", true);
        ObjectNode processor = json.putObject("post_processor").put("type", "RobertaProcessing");
        processor.putArray("sep").add(sep).add(vocab.get(sep).asInt());
        processor.putArray("cls").add(cls).add(vocab.get(cls).asInt());
        processor.put("trim_offsets", true).put("add_prefix_space", prefixSpace);
        ObjectNode model = json.putObject("model").put("type", "BPE");
        model.put("continuing_subword_prefix", "").put("end_of_word_suffix", "").put("fuse_unk", false);
        model.set("vocab", vocab);
        ArrayNode merges = model.putArray("merges");
        TokenizerFiles.lines(mergesFile).stream()
                .filter(line -> !line.startsWith("#version") && !line.isEmpty())
                .forEach(merges::add);
        return json;
    }

    /** The token of that role: from tokenizer_config.json, else special_tokens_map.json, else the usual one. */
    private String special(String role, String usual) {
        for (ObjectNode source : List.of(config, specialTokens)) {
            JsonNode token = source.path(role);
            String content = token.isObject() ? token.path("content").asText("") : token.asText("");
            if (!content.isEmpty() && !token.isNull()) {
                return content;
            }
        }
        return usual;
    }

    private static void addRequired(ArrayNode added, Path vocabFile, ObjectNode vocab, String... tokens) {
        for (String token : tokens) {
            if (!vocab.has(token)) {
                throw new TokenizerException(vocabFile + ": expected the special token '" + token + "', found none");
            }
            addIfPresent(added, vocab, token);
        }
    }

    private static void addIfPresent(ArrayNode added, ObjectNode vocab, String token) {
        if (!vocab.has(token) || contains(added, token)) {
            return;
        }
        added.addObject()
                .put("id", vocab.get(token).asInt())
                .put("content", token)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
    }

    /** Tokens that were added after training: their flags count, but those outside the vocabulary need tokenizer.json. */
    private void addDeclared(ArrayNode added, ObjectNode vocab) {
        Path addedTokens = folder.resolve("added_tokens.json");
        if (Files.exists(addedTokens)) {
            TokenizerFiles.object(addedTokens).fieldNames().forEachRemaining(t -> requireKnown(addedTokens, vocab, t));
        }
        Path configFile = folder.resolve("tokenizer_config.json");
        config.path("added_tokens_decoder").properties().forEach(e -> {
            JsonNode token = e.getValue();
            String content = token.path("content").asText("");
            requireKnown(configFile, vocab, content);
            for (int i = 0; i < added.size(); i++) {
                if (added.get(i).path("content").asText().equals(content)) {
                    added.remove(i);
                    break;
                }
            }
            addIfPresent(added, vocab, content);
            ObjectNode entry = (ObjectNode) added.get(added.size() - 1);
            for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
                entry.put(flag, token.path(flag).asBoolean(entry.path(flag).asBoolean()));
            }
        });
    }

    private static void requireKnown(Path file, ObjectNode vocab, String token) {
        if (!vocab.has(token)) {
            throw new TokenizerException(file + ": added token '" + token
                    + "' is not in the vocabulary; such a tokeniser needs a tokenizer.json, found none");
        }
    }

    private static boolean contains(ArrayNode added, String token) {
        for (JsonNode entry : added) {
            if (entry.path("content").asText().equals(token)) {
                return true;
            }
        }
        return false;
    }

    private static ObjectNode piece(String token) {
        ObjectNode node = NODES.objectNode();
        node.putObject("SpecialToken").put("id", token).put("type_id", 0);
        return node;
    }

    private static ObjectNode text(String sequence) {
        ObjectNode node = NODES.objectNode();
        node.putObject("Sequence").put("id", sequence).put("type_id", 0);
        return node;
    }
}
