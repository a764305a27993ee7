package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The families of transformers' tokeniser classes. A class builds its tokeniser from vocabulary and settings, whatever
 * else stands in {@code tokenizer.json}; only the general ones take that file as it is.
 */
enum TokenizerClass {
    /** BERT's: words of letters, cut into pieces; cases and accents by the settings. */
    WORD_PIECE("BertTokenizer DistilBertTokenizer ElectraTokenizer MobileBertTokenizer"),
    /** RoBERTa's byte-level BPE. */
    ROBERTA("RobertaTokenizer BartTokenizer LongformerTokenizer"),
    /** GPT-2's byte-level BPE, which adds no special tokens. */
    GPT2("GPT2Tokenizer"),
    /** XLM-R's, read from a SentencePiece model. */
    UNIGRAM("XLMRobertaTokenizer"),
    /** As tokenizer.json has it. */
    GENERAL("PreTrainedTokenizerFast PreTrainedTokenizer TokenizersBackend"),
    /** As tokenizer.json has it, for models that write text. */
    LANGUAGE("LlamaTokenizer CodeLlamaTokenizer Qwen2Tokenizer GemmaTokenizer MistralCommonBackend");

    private static final String KEY = "tokenizer_class";

    private final String names;

    TokenizerClass(String names) {
        this.names = names;
    }

    private Stream<String> names() {
        return Pattern.compile(" ").splitAsStream(names);
    }

    /**
     * The class that {@code tokenizer_config.json} names, else the model's {@code config.json}, else the usual one of that
     * kind of model.
     *
     * @throws TokenizerException if it is none of those known
     */
    static TokenizerClass of(Path file, ObjectNode config, Path modelFile) {
        String named = config.path(KEY).asText("");
        if (!named.isEmpty()) {
            return named(file, named);
        }
        ObjectNode model = TokenizerFiles.objectOrEmpty(modelFile);
        named = model.path(KEY).asText("");
        if (!named.isEmpty() && !model.path(KEY).isNull()) {
            return named(modelFile, named);
        }
        return switch (model.path("model_type").asText("")) {
            case "bert", "distilbert", "electra", "mobilebert" -> WORD_PIECE;
            case "roberta" -> ROBERTA;
            case "xlm-roberta" -> UNIGRAM;
            case "gpt2" -> GPT2;
            default -> GENERAL;
        };
    }

    private static TokenizerClass named(Path file, String name) {
        String plain = name.endsWith("Fast") ? name.substring(0, name.length() - "Fast".length()) : name;
        return Arrays.stream(values())
                .filter(kind -> kind.names().anyMatch(known -> known.equals(plain) || known.equals(name)))
                .findFirst()
                .orElseThrow(() -> new TokenizerException(file + ": key '" + KEY + "': expected one of "
                        + Arrays.stream(values())
                                .flatMap(TokenizerClass::names)
                                .sorted()
                                .collect(Collectors.joining(", "))
                        + ", found '" + name + "'; if the folder's tokenizer.json says all there is to that tokeniser,"
                        + " name PreTrainedTokenizerFast instead"));
    }

    /** Checks that the folder's files are of a class that they are enough for. */
    void requireOneOf(Path file, List<TokenizerClass> enough) {
        if (this != GENERAL && !enough.contains(this)) {
            throw new TokenizerException(file + ": key '" + KEY + "': without tokenizer.json expected one of "
                    + enough.stream().flatMap(TokenizerClass::names).sorted().toList() + ", found a class of "
                    + names().sorted().toList());
        }
    }
}
