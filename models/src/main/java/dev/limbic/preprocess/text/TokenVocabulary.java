package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What each token id stands for in generated text: read from {@code tokenizer.json}, or what the older files make, whose
 * {@code decoder} says how tokens are written. Tokens of byte-level BPE (GPT-2, Qwen, Llama 3) and of SentencePiece (Llama 2, Mistral, Gemma: spaces as
 * {@code ▁}, bytes as {@code <0x0A>}) are supported. Thread-safe.
 */
public final class TokenVocabulary {
    private static final byte[] NOTHING = {};

    /** Far above any vocabulary; a larger id would only cost memory. */
    private static final int MAX_SIZE = 4 << 20;

    private final byte[][] bytes;
    private final Map<String, Integer> ids;
    private final boolean startsWithStrippedSpace;

    private TokenVocabulary(byte[][] bytes, Map<String, Integer> ids, boolean startsWithStrippedSpace) {
        this.bytes = bytes;
        this.ids = ids;
        this.startsWithStrippedSpace = startsWithStrippedSpace;
    }

    /**
     * Reads the vocabulary of a model folder.
     *
     * @throws TokenizerException if there is no tokeniser, or it is damaged or of a kind not supported
     */
    public static TokenVocabulary open(Path folder) {
        return of(TokenizerFiles.read(folder));
    }

    /** The vocabulary of files that were read already. */
    public static TokenVocabulary of(TokenizerFiles files) {
        Path file = files.source();
        ObjectNode json = files.json();
        TokenDecoder decoder = TokenDecoder.of(file, json.path("decoder"));
        Map<String, Integer> ids = new HashMap<>();
        JsonNode vocab = json.path("model").path("vocab");
        if (vocab.isObject()) {
            vocab.properties().forEach(entry -> ids.put(entry.getKey(), id(file, entry.getValue(), entry.getKey())));
        } else if (vocab.isArray()) {
            int id = 0;
            for (Iterator<JsonNode> pieces = vocab.iterator(); pieces.hasNext(); id++) {
                JsonNode piece = pieces.next().path(0);
                if (!piece.isTextual()) {
                    throw new TokenizerException(
                            file + ": key 'model.vocab': expected [token, score] at " + id + ", found " + piece);
                }
                ids.put(piece.textValue(), id);
            }
        } else {
            throw new TokenizerException(
                    file + ": key 'model.vocab': expected an object or a list, found " + vocab.getNodeType());
        }
        int size = ids.values().stream().mapToInt(id -> id + 1).max().orElse(0);
        byte[][] bytes = new byte[Math.max(size, highestAdded(file, json) + 1)][];
        Arrays.fill(bytes, NOTHING);
        ids.forEach((token, id) -> bytes[id] = decoder.bytes(token));
        for (AddedTokens.Added added : AddedTokens.of(file, json)) {
            bytes[added.id()] = added.special() ? NOTHING : added.content().getBytes(StandardCharsets.UTF_8);
            ids.put(added.content(), added.id());
        }
        return new TokenVocabulary(bytes, ids, decoder.stripsFirstSpace());
    }

    private static int highestAdded(Path file, ObjectNode json) {
        return AddedTokens.of(file, json).stream()
                .mapToInt(AddedTokens.Added::id)
                .max()
                .orElse(-1);
    }

    /** An id in a tokenizer.json. */
    static int id(Path file, JsonNode value, String token) {
        if (!value.isInt() || value.intValue() < 0 || value.intValue() >= MAX_SIZE) {
            throw new TokenizerException(file + ": id of '" + token + "': expected an integer from 0 below " + MAX_SIZE
                    + ", found " + value);
        }
        return value.intValue();
    }

    /**
     * Bytes of UTF-8 of a token, perhaps a part of a character; none for a special token and for an id without a token, as
     * models pad their vocabulary. The array must not be changed.
     *
     * @param id from 0
     */
    public byte[] bytes(int id) {
        return id < bytes.length ? bytes[id] : NOTHING;
    }

    /** Largest id of a token and one; a model may have more rows. */
    public int size() {
        return bytes.length;
    }

    /** The id of a token as the tokenizer's files write it: {@code <|im_end|>}, or {@code Ġthe}. */
    public OptionalInt idOf(String token) {
        Integer id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /**
     * Whether decoding a whole text drops one leading space, as SentencePiece puts one before each text. {@link #bytes}
     * keeps it. Transformers drops it where a reply is decoded by itself (its {@code TextStreamer} and
     * {@code decode(reply)}), so who shows a reply alone leaves out one space at its very beginning if this is true; and
     * keeps it where prompt and reply are decoded together, so who appends the text to the prompt leaves nothing out.
     */
    public boolean startsWithStrippedSpace() {
        return startsWithStrippedSpace;
    }
}
