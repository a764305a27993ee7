package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes the tokenizer.json that a class of transformers makes of a vocabulary and settings: from the files that were usual
 * before there was such a file, or from the vocabulary of one that is there.
 */
final class ClassicTokenizer {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int MAX_WORD_CHARS = 100;

    /** Fixed by the class: the piece for what is not in the vocabulary. */
    private static final int UNIGRAM_UNKNOWN = 3;

    private final Path folder;
    private final ObjectNode config;
    private final TokenizerClass kind;

    ClassicTokenizer(Path folder, ObjectNode config, TokenizerClass kind) {
        this.folder = folder;
        this.config = config;
        this.kind = kind;
    }

    /** From BERT's file: one token per line, whose number, from 0, is its id. */
    ObjectNode wordPiece(Path vocabFile) {
        kind.requireOneOf(vocabFile, List.of(TokenizerClass.WORD_PIECE));
        ObjectNode vocab = NODES.objectNode();
        List<String> lines = TokenizerFiles.lines(vocabFile);
        for (int id = 0; id < lines.size(); id++) {
            // A token that stands there twice has the later id, as in transformers.
            vocab.put(lines.get(id), id);
        }
        return wordPiece(vocabFile, vocab, NODES.arrayNode());
    }

    /** From RoBERTa's or GPT-2's files: ids by token, and the merges in order of rank. */
    ObjectNode byteLevelBpe(Path vocabFile, Path mergesFile) {
        kind.requireOneOf(vocabFile, List.of(TokenizerClass.ROBERTA, TokenizerClass.GPT2));
        ObjectNode vocab = TokenizerFiles.object(vocabFile);
        vocab.properties().forEach(e -> TokenVocabulary.id(vocabFile, e.getValue(), e.getKey()));
        ArrayNode merges = NODES.arrayNode();
        TokenizerFiles.lines(mergesFile).stream()
                .filter(line -> !line.startsWith("#version") && !line.isEmpty())
                .forEach(merges::add);
        return kind == TokenizerClass.GPT2 ? gpt2(vocabFile, vocab, merges) : roberta(vocabFile, vocab, merges);
    }

    /** A tokenizer.json as the class would have it: of a general class as it is. */
    ObjectNode changed(Path file, ObjectNode json) {
        JsonNode model = json.path("model");
        JsonNode vocab = model.path("vocab");
        return switch (kind) {
            case WORD_PIECE -> {
                requireModel(file, model, "WordPiece");
                yield wordPiece(file, (ObjectNode) vocab, json.path("added_tokens"));
            }
            case ROBERTA -> {
                requireModel(file, model, "BPE");
                yield roberta(file, (ObjectNode) vocab, (ArrayNode) model.path("merges"), json.path("added_tokens"));
            }
            case UNIGRAM -> {
                requireModel(file, model, "Unigram");
                yield unigram(file, (ArrayNode) vocab, json);
            }
            case GPT2 -> {
                requireModel(file, model, "BPE");
                ObjectNode changed = general(json);
                if (json.get("pre_tokenizer") instanceof ObjectNode steps) {
                    ObjectNode copy = steps.deepCopy();
                    prefixSpace(copy, flag("add_prefix_space", false));
                    changed.set("pre_tokenizer", copy);
                }
                yield changed;
            }
            case GENERAL, LANGUAGE -> general(json);
        };
    }

    private ObjectNode general(ObjectNode json) {
        JsonNode vocab = json.path("model").path("vocab");
        JsonNode ids = vocab instanceof ArrayNode pieces ? ids(pieces) : vocab;
        ObjectNode changed = NODES.objectNode();
        changed.setAll(json);
        changed.set("added_tokens", ClassicTokens.ofGeneral(config, ids, json.path("added_tokens")));
        return changed;
    }

    private static ObjectNode ids(ArrayNode pieces) {
        ObjectNode ids = NODES.objectNode();
        for (int id = pieces.size() - 1; id >= 0; id--) {
            ids.put(pieces.get(id).path(0).asText(), id);
        }
        return ids;
    }

    private void requireModel(Path file, JsonNode model, String type) {
        if (!model.path("type").asText().equals(type)) {
            throw new TokenizerException(file + ": key 'model.type': expected " + type + " by the tokeniser's class ("
                    + kind + "), found '" + model.path("type").asText() + "'");
        }
    }

    private ObjectNode wordPiece(Path source, ObjectNode vocab, JsonNode inFile) {
        ClassicTokens tokens = new ClassicTokens(folder, config, source, vocab, inFile);
        String unk = tokens.special("unk_token", "[UNK]");
        String cls = tokens.required("cls_token", "[CLS]");
        String sep = tokens.required("sep_token", "[SEP]");
        tokens.special("pad_token", "[PAD]");
        tokens.special("mask_token", "[MASK]");
        ObjectNode json = start(tokens);
        ObjectNode normalizer = json.putObject("normalizer");
        normalizer.put("type", "BertNormalizer").put("clean_text", true);
        normalizer.put("handle_chinese_chars", flag("tokenize_chinese_chars", true));
        JsonNode stripAccents = config.path("strip_accents");
        normalizer.set("strip_accents", stripAccents.isBoolean() ? stripAccents : NODES.nullNode());
        normalizer.put("lowercase", flag("do_lower_case", true));
        json.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
        template(json, tokens, List.of(cls), List.of(sep));
        ObjectNode model = json.putObject("model").put("type", "WordPiece");
        model.put("unk_token", unk).put("continuing_subword_prefix", "##");
        model.put("max_input_chars_per_word", MAX_WORD_CHARS).set("vocab", vocab);
        return json;
    }

    private ObjectNode roberta(Path source, ObjectNode vocab, ArrayNode merges, JsonNode inFile) {
        ClassicTokens tokens = new ClassicTokens(folder, config, source, vocab, inFile);
        String cls = tokens.required("cls_token", "<s>");
        String sep = tokens.required("sep_token", "</s>");
        tokens.special("bos_token", "<s>");
        tokens.special("eos_token", "</s>");
        for (String key : List.of("unk", "pad", "mask")) {
            tokens.special(key + "_token", "<" + key + ">");
        }
        ObjectNode json = start(tokens);
        byteLevel(json, vocab, merges);
        ObjectNode processor = json.putObject("post_processor").put("type", "RobertaProcessing");
        processor.putArray("sep").add(sep).add(tokens.id(sep));
        processor.putArray("cls").add(cls).add(tokens.id(cls));
        processor.put("trim_offsets", flag("trim_offsets", true));
        processor.put("add_prefix_space", flag("add_prefix_space", false));
        return json;
    }

    private ObjectNode roberta(Path source, ObjectNode vocab, ArrayNode merges) {
        return roberta(source, vocab, merges, NODES.arrayNode());
    }

    private ObjectNode gpt2(Path source, ObjectNode vocab, ArrayNode merges) {
        ClassicTokens tokens = new ClassicTokens(folder, config, source, vocab, NODES.arrayNode());
        String usual = "<|endoftext|>";
        tokens.special("unk_token", usual);
        String bos = tokens.special("bos_token", usual);
        String eos = tokens.special("eos_token", usual);
        ObjectNode json = start(tokens);
        byteLevel(json, vocab, merges);
        template(
                json,
                tokens,
                flag("add_bos_token", false) ? List.of(bos) : List.of(),
                flag("add_eos_token", false) ? List.of(eos) : List.of());
        return json;
    }

    private ObjectNode unigram(Path source, ArrayNode pieces, ObjectNode original) {
        ClassicTokens tokens = new ClassicTokens(folder, config, source, ids(pieces), original.path("added_tokens"));
        String bos = tokens.required("bos_token", "<s>");
        String eos = tokens.required("eos_token", "</s>");
        tokens.special("sep_token", "</s>");
        tokens.special("cls_token", "<s>");
        for (String key : List.of("unk", "pad", "mask")) {
            tokens.special(key + "_token", "<" + key + ">");
        }
        ObjectNode json = start(tokens);
        json.set("normalizer", charsMap(original.path("normalizer")));
        ArrayNode steps =
                json.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        steps.addObject().put("type", "WhitespaceSplit");
        steps.addObject()
                .put("type", "Metaspace")
                .put("replacement", "▁")
                .put("prepend_scheme", flag("add_prefix_space", true) ? "always" : "never")
                .put("split", true);
        template(json, tokens, List.of(bos), List.of(eos));
        ObjectNode model = json.putObject("model").put("type", "Unigram");
        model.put("unk_id", UNIGRAM_UNKNOWN).put("byte_fallback", false).set("vocab", pieces);
        return json;
    }

    /** Of the normalisers only SentencePiece's own, as the class does. */
    private static JsonNode charsMap(JsonNode normalizer) {
        if (normalizer.path("type").asText().equals("Precompiled")) {
            return normalizer;
        }
        for (JsonNode step : normalizer.path("normalizers")) {
            if (step.path("type").asText().equals("Precompiled")) {
                return step;
            }
        }
        return NODES.nullNode();
    }

    private ObjectNode start(ClassicTokens tokens) {
        ObjectNode json = NODES.objectNode().put("version", "1.0");
        json.set("added_tokens", tokens.added());
        return json;
    }

    private void byteLevel(ObjectNode json, ObjectNode vocab, ArrayNode merges) {
        json.putObject("pre_tokenizer")
                .put("type", "ByteLevel")
                .put("add_prefix_space", flag("add_prefix_space", false))
                .put("trim_offsets", true)
                .put("use_regex", true);
        json.putObject("decoder").put("type", "ByteLevel");
        ObjectNode model = json.putObject("model").put("type", "BPE");
        model.put("continuing_subword_prefix", "").put("end_of_word_suffix", "").put("fuse_unk", false);
        model.set("vocab", vocab);
        model.set("merges", merges);
    }

    /** Sets the flag of each byte-level step. */
    private static void prefixSpace(JsonNode preTokenizer, boolean prefixSpace) {
        if (preTokenizer instanceof ObjectNode step
                && step.path("type").asText().equals("ByteLevel")) {
            step.put("add_prefix_space", prefixSpace);
        }
        preTokenizer.path("pretokenizers").forEach(step -> prefixSpace(step, prefixSpace));
    }

    private static void template(ObjectNode json, ClassicTokens tokens, List<String> before, List<String> after) {
        ObjectNode template = json.putObject("post_processor").put("type", "TemplateProcessing");
        ArrayNode single = template.putArray("single");
        before.forEach(token -> single.add(piece("SpecialToken", token)));
        single.add(piece("Sequence", "A"));
        after.forEach(token -> single.add(piece("SpecialToken", token)));
        // Never used here, but the library wants it.
        template.putArray("pair").add(piece("Sequence", "A")).add(piece("Sequence", "B"));
        ObjectNode used = template.putObject("special_tokens");
        for (List<String> side : List.of(before, after)) {
            for (String token : side) {
                ObjectNode entry = used.putObject(token).put("id", token);
                entry.putArray("ids").add(tokens.id(token));
                entry.putArray("tokens").add(token);
            }
        }
    }

    private static ObjectNode piece(String kind, String id) {
        ObjectNode node = NODES.objectNode();
        node.putObject(kind).put("id", id).put("type_id", 0);
        return node;
    }

    private boolean flag(String key, boolean absent) {
        return config.path(key).asBoolean(absent);
    }
}
