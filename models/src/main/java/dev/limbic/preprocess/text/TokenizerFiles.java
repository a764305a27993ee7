package dev.limbic.preprocess.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * A tokeniser as one {@code tokenizer.json}: read, or written in memory from the older files.
 *
 * @param source file it came from, for messages
 * @param json content of a tokenizer.json
 * @param vocabSize largest id and one
 * @param splitsAtSpaces whether no token reaches across the space between two words
 */
record TokenizerFiles(String source, String json, int vocabSize, boolean splitsAtSpaces) {
    private static final long MAX_BYTES = 256L << 20;

    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /**
     * Finds the tokeniser of a model folder.
     *
     * @throws TokenizerException if there is none, or it is damaged or of a kind that is not supported
     */
    static TokenizerFiles read(Path folder) {
        ObjectNode config = Files.exists(folder.resolve("tokenizer_config.json"))
                ? object(folder.resolve("tokenizer_config.json"))
                : JsonNodeFactory.instance.objectNode();
        String side = config.path("truncation_side").asText("right");
        if (!side.equals("right")) {
            throw new TokenizerException(folder.resolve("tokenizer_config.json")
                    + ": key 'truncation_side': expected right, found '" + side + "'");
        }
        Path whole = folder.resolve("tokenizer.json");
        if (Files.exists(whole)) {
            return of(whole, object(whole), text(whole));
        }
        ClassicTokenizer classic = new ClassicTokenizer(folder, config);
        if (Files.exists(folder.resolve("vocab.txt"))) {
            Path vocab = folder.resolve("vocab.txt");
            return written(vocab, classic.wordPiece(vocab));
        }
        Path vocab = folder.resolve("vocab.json");
        Path merges = folder.resolve("merges.txt");
        if (Files.exists(vocab) && Files.exists(merges)) {
            return written(vocab, classic.byteLevelBpe(vocab, merges));
        }
        for (String sentencePiece : List.of("sentencepiece.bpe.model", "spiece.model", "tokenizer.model")) {
            if (Files.exists(folder.resolve(sentencePiece))) {
                throw new TokenizerException(folder.resolve(sentencePiece)
                        + ": a SentencePiece file alone is not read. Write tokenizer.json beside it with transformers:"
                        + " AutoTokenizer.from_pretrained(folder).save_pretrained(folder)");
            }
        }
        throw new TokenizerException(
                folder + ": expected tokenizer.json, vocab.txt, or vocab.json with merges.txt, found none of them");
    }

    private static TokenizerFiles written(Path source, ObjectNode json) {
        return of(source, json, json.toString());
    }

    private static TokenizerFiles of(Path source, ObjectNode json, String text) {
        return new TokenizerFiles(source.toString(), text, vocabSize(source, json), splits(json.path("pre_tokenizer")));
    }

    private static int vocabSize(Path source, ObjectNode json) {
        JsonNode vocab = json.path("model").path("vocab");
        long largest = vocab.isArray() ? vocab.size() - 1L : -1;
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
            JsonNode node = MAPPER.readTree(text(file));
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw new TokenizerException(file + ": expected a JSON object, found " + node.getNodeType());
        } catch (JsonProcessingException e) {
            throw new TokenizerException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** The lines of {@code file}, in UTF-8. */
    static List<String> lines(Path file) {
        return text(file).lines().toList();
    }

    private static String text(Path file) {
        return text(file, MAX_BYTES);
    }

    /** The text in {@code file}, which must not have more than {@code maxBytes}. */
    static String text(Path file, long maxBytes) {
        try {
            long size = Files.size(file);
            if (size > maxBytes) {
                throw new TokenizerException(file + ": expected at most " + maxBytes + " bytes, found " + size);
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new TokenizerException(file + ": cannot be read as UTF-8: " + e, e);
        }
    }

    /** Checks that the folder's tokeniser is of a class that the older files are enough for. */
    static void requireClass(Path folder, ObjectNode config, Set<String> supported) {
        String found = config.path("tokenizer_class").asText("");
        String plain = found.endsWith("Fast") ? found.substring(0, found.length() - "Fast".length()) : found;
        if (!plain.isEmpty() && !plain.equals("PreTrainedTokenizer") && !supported.contains(plain)) {
            throw new TokenizerException(folder.resolve("tokenizer_config.json")
                    + ": key 'tokenizer_class': without tokenizer.json expected one of " + supported + ", found '"
                    + found + "'");
        }
    }
}
