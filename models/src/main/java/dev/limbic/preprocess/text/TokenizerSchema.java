package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.weights.StrictJson;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/**
 * What a tokenizer.json must be before native code sees it. That code ends the process, not just the call, where it meets
 * what its authors thought impossible; so here each part is of a known type, and what a type cannot do with is refused by
 * its key. What is merely missing the library refuses itself.
 */
final class TokenizerSchema {
    private static final List<String> NORMALIZERS = List.of(
            "BertNormalizer",
            "Strip",
            "StripAccents",
            "NFC",
            "NFD",
            "NFKC",
            "NFKD",
            "Sequence",
            "Lowercase",
            "Nmt",
            "Precompiled",
            "Replace",
            "Prepend",
            "ByteLevel");
    private static final List<String> PRE_TOKENIZERS = List.of(
            "BertPreTokenizer",
            "ByteLevel",
            "CharDelimiterSplit",
            "Metaspace",
            "Whitespace",
            "Sequence",
            "Split",
            "Punctuation",
            "WhitespaceSplit",
            "Digits",
            "UnicodeScripts",
            "FixedLength");
    private static final List<String> POST_PROCESSORS =
            List.of("RobertaProcessing", "BertProcessing", "ByteLevel", "TemplateProcessing", "Sequence");
    private static final List<String> MODELS = List.of("BPE", "WordPiece", "WordLevel", "Unigram");

    private final Path file;

    private TokenizerSchema(Path file) {
        this.file = file;
    }

    /**
     * Checks a tokenizer.json, and names the type of its model where an old one does not.
     *
     * @throws TokenizerException that names the file and the key
     */
    static void require(Path file, ObjectNode json) {
        TokenizerSchema schema = new TokenizerSchema(file);
        AddedTokens.of(file, json);
        schema.model(json.path("model"));
        schema.steps("normalizer", json.path("normalizer"), NORMALIZERS, "normalizers");
        schema.steps("pre_tokenizer", json.path("pre_tokenizer"), PRE_TOKENIZERS, "pretokenizers");
        schema.steps("post_processor", json.path("post_processor"), POST_PROCESSORS, "processors");
        schema.requireOneProcessor(json.path("post_processor"));
    }

    /** One step, or a sequence of them. */
    private void steps(String at, JsonNode step, List<String> known, String list) {
        if (step.isMissingNode() || step.isNull()) {
            return;
        }
        String type = type(at, step, known);
        if (type.equals("Sequence")) {
            JsonNode steps = step.path(list);
            requireKind(at + "." + list, "a list", steps, steps.isArray());
            for (int i = 0; i < steps.size(); i++) {
                requireKind(
                        at + "." + list + "[" + i + "]",
                        "an object",
                        steps.get(i),
                        steps.get(i).isObject());
                steps(at + "." + list + "[" + i + "]", steps.get(i), known, list);
            }
            return;
        }
        switch (type) {
            case "Precompiled" -> CharsMap.require(file, at, step.path("precompiled_charsmap"));
            case "Split" -> pattern(at + ".pattern", step.path("pattern"));
            case "Replace" -> {
                pattern(at + ".pattern", step.path("pattern"));
                boolean somewhere = PatternRules.matchesSomething(step.path("pattern"));
                requireKind(at + ".pattern", "what matches at least one character", step.path("pattern"), somewhere);
            }
            case "FixedLength" ->
                requireKind(
                        at + ".length",
                        "an integer above 0",
                        step.path("length"),
                        step.path("length").asLong() > 0);
            case "TemplateProcessing" -> template(at, step);
            default -> {}
        }
    }

    private String type(String at, JsonNode part, List<String> known) {
        requireKind(at, "an object", part, part.isObject());
        JsonNode type = part.path("type");
        requireKind(at + ".type", "one of " + known, type, type.isTextual() && known.contains(type.textValue()));
        return type.textValue();
    }

    private void pattern(String at, JsonNode pattern) {
        requireKind(at, "an object", pattern, pattern.isObject());
        JsonNode regex = pattern.path("Regex");
        if (regex.isTextual()) {
            String fault = PatternRules.fault(regex.textValue());
            if (fault != null) {
                throw new TokenizerException(file + ": key '" + at + ".Regex': expected an expression whose time grows"
                        + " with the text, found " + fault);
            }
        }
    }

    /** Of a text alone only the form for one text is used: special tokens that are listed, and the text once. */
    private void template(String at, JsonNode template) {
        JsonNode tokens = template.path("special_tokens");
        requireKind(at + ".special_tokens", "an object", tokens, tokens.isObject());
        tokens.properties().forEach(entry -> {
            String key = at + ".special_tokens." + entry.getKey();
            JsonNode ids = entry.getValue().path("ids");
            requireKind(key + ".ids", "a list of ids", ids, ids.isArray());
            ids.forEach(id -> TokenVocabulary.id(file, id, entry.getKey()));
            JsonNode texts = entry.getValue().path("tokens");
            requireKind(key + ".tokens", "as many tokens as ids", texts, texts.size() == ids.size());
        });
        JsonNode single = template.path("single");
        requireKind(at + ".single", "a list", single, single.isArray());
        int texts = 0;
        for (JsonNode piece : single) {
            JsonNode special = piece.path("SpecialToken").path("id");
            JsonNode sequence = piece.path("Sequence").path("id");
            boolean listed = special.isTextual() && tokens.has(special.textValue());
            boolean text = sequence.asText().equals("A");
            requireKind(at + ".single", "special tokens of its list and the sequence A", piece, listed || text);
            texts += text ? 1 : 0;
        }
        requireKind(at + ".single", "the sequence A once", single, texts == 1);
    }

    /** The library cannot put special tokens around what already has some. */
    private void requireOneProcessor(JsonNode processor) {
        requireKind("post_processor", "one step that adds special tokens", processor, adding(processor) <= 1);
    }

    private static int adding(JsonNode processor) {
        int adding = switch (processor.path("type").asText()) {
            case "Sequence", "ByteLevel", "" -> 0;
            default -> 1;
        };
        for (JsonNode step : processor.path("processors")) {
            adding += adding(step);
        }
        return adding;
    }

    private void model(JsonNode model) {
        requireKind("model", "an object", model, model.isObject());
        if (model instanceof ObjectNode object && !model.has("type")) {
            object.put("type", olderType(model));
        }
        String type = type("model", model, MODELS);
        JsonNode vocab = model.path("vocab");
        if (type.equals("Unigram")) {
            requireKind("model.vocab", "a list", vocab, vocab.isArray());
            int id = 0;
            for (Iterator<JsonNode> pieces = vocab.iterator(); pieces.hasNext(); id++) {
                JsonNode piece = pieces.next();
                boolean scored = piece.size() == 2
                        && piece.path(0).isTextual()
                        && !piece.path(0).textValue().isEmpty()
                        && piece.path(1).isNumber();
                requireKind("model.vocab[" + id + "]", "[token, score]", piece, scored);
            }
        } else {
            requireKind("model.vocab", "an object", vocab, vocab.isObject());
            vocab.properties().forEach(entry -> TokenVocabulary.id(file, entry.getValue(), entry.getKey()));
        }
        if (type.equals("BPE")) {
            merges(model.path("merges"), model.path("continuing_subword_prefix").asText(""));
        }
    }

    /** Very old files tell models apart by their keys. */
    private static String olderType(JsonNode model) {
        if (model.has("merges")) {
            return "BPE";
        }
        if (model.path("vocab").isArray()) {
            return "Unigram";
        }
        return model.has("continuing_subword_prefix") ? "WordPiece" : "WordLevel";
    }

    private void merges(JsonNode merges, String prefix) {
        requireKind("model.merges", "a list", merges, merges.isArray());
        int rank = 0;
        for (Iterator<JsonNode> all = merges.iterator(); all.hasNext(); rank++) {
            JsonNode merge = all.next();
            String right = merge.isTextual()
                    ? merge.textValue().substring(merge.textValue().indexOf(' ') + 1)
                    : merge.path(1).asText();
            boolean pair = merge.isTextual() || merge.isArray();
            requireKind("model.merges[" + rank + "]", "a pair of tokens", merge, pair);
            if (!right.startsWith(prefix)) {
                requireKind(
                        "model.merges[" + rank + "]", "a second token that begins with '" + prefix + "'", merge, false);
            }
        }
    }

    private void requireKind(String at, String expected, JsonNode found, boolean holds) {
        if (!holds) {
            throw new TokenizerException(
                    file + ": key '" + at + "': expected " + expected + ", found " + StrictJson.kind(found));
        }
    }
}
