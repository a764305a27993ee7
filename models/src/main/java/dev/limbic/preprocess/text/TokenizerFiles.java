package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.weights.StrictJson;
import dev.limbic.weights.WeightsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A tokeniser as one {@code tokenizer.json}: checked, and changed as the settings of {@code tokenizer_config.json} have it
 * in the class that it names, or written in memory from the older files.
 *
 * @param source file it came from, for messages
 * @param json content of a tokenizer.json; not to be changed
 * @param vocabSize largest id and one
 * @param splitsAtSpaces whether no token reaches across the space between two words
 * @param givesTokenTypes whether {@code model_input_names} lists the token types of the post-processor
 * @param maxTokens {@code model_max_length}, or the largest integer where there is none
 */
public record TokenizerFiles(
        Path source, ObjectNode json, int vocabSize, boolean splitsAtSpaces, boolean givesTokenTypes, int maxTokens) {
    private static final String CONFIG = "tokenizer_config.json";

    /**
     * Finds the tokeniser of a model folder.
     *
     * @throws TokenizerException if there is none, or it is damaged or of a kind that is not supported
     */
    public static TokenizerFiles read(Path folder) {
        ObjectNode config = objectOrEmpty(folder.resolve(CONFIG));
        requireSupported(folder.resolve(CONFIG), config);
        TokenizerClass kind = TokenizerClass.of(folder.resolve(CONFIG), config, folder.resolve("config.json"));
        ClassicTokenizer classic = new ClassicTokenizer(folder, config, kind);
        Path whole = folder.resolve("tokenizer.json");
        if (Files.exists(whole)) {
            ObjectNode json = object(whole);
            TokenizerSchema.require(whole, json);
            return of(whole, classic.changed(whole, json), config);
        }
        Path words = folder.resolve("vocab.txt");
        if (Files.exists(words)) {
            return of(words, classic.wordPiece(words), config);
        }
        Path vocab = folder.resolve("vocab.json");
        Path merges = folder.resolve("merges.txt");
        if (Files.exists(vocab) && Files.exists(merges)) {
            return of(vocab, classic.byteLevelBpe(vocab, merges), config);
        }
        for (String sentencePiece : List.of("sentencepiece.bpe.model", "spiece.model", "tokenizer.model")) {
            if (Files.exists(folder.resolve(sentencePiece))) {
                throw new TokenizerException(folder.resolve(sentencePiece)
                        + ": a SentencePiece file alone is not read. Write tokenizer.json beside it with transformers:"
                        + " AutoTokenizer.from_pretrained(folder).save_pretrained(folder)");
            }
        }
        throw new TokenizerException(
                folder + ": expected tokenizer.json, vocab.txt, or vocab.json with merges.txt, found none of them;"
                        + " save the tokeniser of the model's base into the folder:"
                        + " AutoTokenizer.from_pretrained(base).save_pretrained(folder)");
    }

    private static void requireSupported(Path file, ObjectNode config) {
        String side = config.path("truncation_side").asText("right");
        if (!side.equals("right")) {
            throw new TokenizerException(file + ": key 'truncation_side': expected right, found '" + side + "'");
        }
        if (config.path("split_special_tokens").asBoolean(false)) {
            throw new TokenizerException(file + ": key 'split_special_tokens': expected false, found true");
        }
        for (String flag : List.of(
                "do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space", "trim_offsets")) {
            JsonNode value = config.path(flag);
            if (!value.isBoolean() && !value.isNull() && !value.isMissingNode()) {
                throw new TokenizerException(
                        file + ": key '" + flag + "': expected true or false, found " + StrictJson.kind(value));
            }
        }
    }

    private static TokenizerFiles of(Path source, ObjectNode json, ObjectNode config) {
        boolean types = false;
        for (JsonNode input : config.path("model_input_names")) {
            types |= input.asText().equals("token_type_ids");
        }
        return new TokenizerFiles(
                source, json, vocabSize(source, json), splits(json.path("pre_tokenizer")), types, maxTokens(config));
    }

    /** What the library needs to encode: decoders, truncation and padding are not its part here. */
    String forEncoding() {
        ObjectNode encoding = JsonNodeFactory.instance.objectNode();
        for (String part :
                List.of("version", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "model")) {
            if (json.has(part)) {
                encoding.set(part, json.get(part));
            }
        }
        return encoding.toString();
    }

    /** Transformers writes a huge number where there is no limit. */
    private static int maxTokens(ObjectNode config) {
        JsonNode limit = config.path("model_max_length");
        return limit.isNumber() && limit.doubleValue() >= 1 && limit.doubleValue() < Integer.MAX_VALUE
                ? limit.intValue()
                : Integer.MAX_VALUE;
    }

    private static int vocabSize(Path source, ObjectNode json) {
        JsonNode vocab = json.path("model").path("vocab");
        long largest = vocab instanceof ArrayNode pieces ? pieces.size() - 1L : -1;
        if (vocab.isObject()) {
            for (JsonNode id : vocab) {
                largest = Math.max(largest, id.asLong(-1));
            }
        }
        for (JsonNode added : json.path("added_tokens")) {
            largest = Math.max(largest, added.path("id").asLong(-1));
        }
        if (largest < 0 || largest >= Integer.MAX_VALUE) {
            throw new TokenizerException(
                    source + ": expected a vocabulary with ids from 0, found largest id " + largest);
        }
        return (int) largest + 1;
    }

    private static boolean splits(JsonNode preTokenizer) {
        return switch (preTokenizer.path("type").asText()) {
            case "BertPreTokenizer", "Whitespace", "WhitespaceSplit" -> true;
            case "ByteLevel" -> preTokenizer.path("use_regex").asBoolean(true);
            case "Metaspace" -> preTokenizer.path("split").asBoolean(true);
            case "Sequence" -> {
                boolean any = false;
                for (JsonNode step : preTokenizer.path("pretokenizers")) {
                    any |= splits(step);
                }
                yield any;
            }
            default -> false;
        };
    }

    /** The JSON object in {@code file}. */
    static ObjectNode object(Path file) {
        try {
            return StrictJson.read(file);
        } catch (WeightsException e) {
            throw new TokenizerException(e);
        }
    }

    /** The JSON object in {@code file}, empty if there is no such file. */
    static ObjectNode objectOrEmpty(Path file) {
        return Files.exists(file) ? object(file) : JsonNodeFactory.instance.objectNode();
    }

    /** The lines of {@code file}, in UTF-8. */
    static List<String> lines(Path file) {
        return text(file, StrictJson.MAX_BYTES).lines().toList();
    }

    /** The text in {@code file}, which must not have more than {@code maxBytes}. */
    static String text(Path file, long maxBytes) {
        try {
            return StrictJson.text(file, maxBytes);
        } catch (WeightsException e) {
            throw new TokenizerException(e);
        }
    }
}
