package dev.limbic.preprocess.text;

import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Text to token ids, as transformers' tokenisers do it: special tokens added, what exceeds the limit cut off at the end
 * with the special tokens kept ({@code longest_first}). Truncation and padding asked for by the tokeniser's own file
 * are ignored. Thread-safe.
 */
public final class TextEncoder {
    /** A first guess of how many characters fill the limit; English has about 4 per token. */
    private static final int CHARS_PER_TOKEN = 8;

    private static final int MIN_CHARS = 2048;

    /** A cut between two words changes no token further away from it than this. */
    private static final int MARGIN_TOKENS = 32;

    private final NativeTokenizer tokenizer;
    private final Path source;
    private final int maxTokens;
    private final int vocabSize;
    private final boolean splitsAtSpaces;
    private final int tokenType;
    private final int[] before;
    private final int[] after;

    private TextEncoder(NativeTokenizer tokenizer, TokenizerFiles files) {
        this.tokenizer = tokenizer;
        this.source = files.source();
        this.maxTokens = files.maxTokens();
        this.vocabSize = files.vocabSize();
        this.splitsAtSpaces = files.splitsAtSpaces();
        int[] special = toInts(tokenizer.encode("", true));
        int count = leading(tokenizer, special, files.source());
        this.before = Arrays.copyOf(special, count);
        this.after = Arrays.copyOfRange(special, count, special.length);
        this.tokenType = files.givesTokenTypes() ? tokenType(tokenizer, files.source()) : 0;
    }

    private TextEncoder(TextEncoder other, int maxTokens) {
        this.tokenizer = other.tokenizer;
        this.source = other.source;
        this.maxTokens = maxTokens;
        this.vocabSize = other.vocabSize;
        this.splitsAtSpaces = other.splitsAtSpaces;
        this.tokenType = other.tokenType;
        this.before = other.before;
        this.after = other.after;
    }

    /**
     * Loads the tokeniser of a model folder: {@code tokenizer.json}, else {@code vocab.txt} (BERT's WordPiece), else
     * {@code vocab.json} with {@code merges.txt} (byte-level BPE of RoBERTa or GPT-2), by the settings of
     * {@code tokenizer_config.json}, which win over what {@code tokenizer.json} says, as in transformers. Its limit is
     * {@code model_max_length}.
     *
     * @throws TokenizerException if there is no tokeniser, or it is damaged or not supported
     */
    public static TextEncoder open(Path folder) {
        TokenizerFiles files = TokenizerFiles.read(folder);
        NativeTokenizer tokenizer = load(files);
        try {
            return new TextEncoder(tokenizer, files);
        } catch (TokenizerException e) {
            throw e;
        } catch (RuntimeException e) {
            throw unreadable(files, e);
        }
    }

    /**
     * The same tokeniser for a model that takes no more than so many tokens.
     *
     * @param tokens longest encoding, special tokens included
     * @throws TokenizerException if that leaves no room for a text
     */
    public TextEncoder limitedTo(int tokens) {
        int limit = Math.min(tokens, maxTokens);
        int special = before.length + after.length;
        if (limit <= special) {
            throw new TokenizerException(
                    source + ": expected a limit above the " + special + " special tokens, found " + limit);
        }
        return new TextEncoder(this, limit);
    }

    /** The library's tokeniser of those files, or what is wrong with them. */
    static NativeTokenizer load(TokenizerFiles files) {
        try {
            return new NativeTokenizer(files.forEncoding());
        } catch (RuntimeException e) {
            throw unreadable(files, e);
        } catch (LinkageError e) {
            Throwable why = e.getCause() == null ? e : e.getCause();
            throw new TokenizerException(
                    "the native tokeniser cannot be loaded on this system: " + why.getMessage(), e);
        }
    }

    private static TokenizerException unreadable(TokenizerFiles files, RuntimeException e) {
        return new TokenizerException(files.source() + ": not a tokeniser the library reads: " + e.getMessage(), e);
    }

    /**
     * Number of ids the tokeniser can produce: its largest id and one. A model needs at least as many rows of
     * embeddings.
     */
    public int vocabSize() {
        return vocabSize;
    }

    /** The token type of each token, special ones included; 0 for models that are given none. */
    public int tokenType() {
        return tokenType;
    }

    /** Longest encoding in tokens, special tokens included. */
    public int maxTokens() {
        return maxTokens;
    }

    /**
     * Encodes a text. A lone surrogate is read as U+FFFD.
     *
     * @return between the number of special tokens and {@link #maxTokens} ids; truncated exactly if tokens were left out
     */
    public Encoding encode(String text) {
        int room = maxTokens - before.length - after.length;
        long[] body = body(wellFormed(text), room);
        int kept = Math.min(body.length, room);
        int[] ids = new int[before.length + kept + after.length];
        System.arraycopy(before, 0, ids, 0, before.length);
        for (int i = 0; i < kept; i++) {
            ids[before.length + i] = (int) body[i];
        }
        System.arraycopy(after, 0, ids, before.length + kept, after.length);
        return new Encoding(ids, body.length > room);
    }

    /**
     * Tokens of the text without special ones: all, or the first of them and certainly more than {@code room}. Long text
     * is read only as far as needed, cut where a word ends, which a tokeniser that splits at spaces cannot notice.
     */
    private long[] body(String text, int room) {
        try {
            int chars = Math.max(MIN_CHARS, (int) Math.min(Integer.MAX_VALUE, (long) room * CHARS_PER_TOKEN));
            while (splitsAtSpaces && chars < text.length()) {
                int cut = wordEnd(text, chars);
                if (cut == text.length()) {
                    break;
                }
                long[] ids = tokenizer.encode(text.substring(0, cut), false);
                if (ids.length - MARGIN_TOKENS >= room) {
                    return ids;
                }
                chars = Math.max(cut, chars) * 4;
            }
            return tokenizer.encode(text, false);
        } catch (RuntimeException e) {
            throw new LimbicException.Internal("the tokeniser failed", e);
        }
    }

    /** First index from {@code from} with a space that follows a letter or such, or the length. */
    private static int wordEnd(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char previous = text.charAt(i - 1);
            if (text.charAt(i) == ' ' && !Character.isWhitespace(previous) && !Character.isSpaceChar(previous)) {
                return i;
            }
        }
        return text.length();
    }

    /** The text with each lone surrogate replaced; such a text has no UTF-8 form. */
    static String wellFormed(String text) {
        StringBuilder repaired = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                continue;
            }
            if (repaired == null) {
                repaired = new StringBuilder(text);
            }
            repaired.setCharAt(i, '\uFFFD');
        }
        return repaired == null ? text : repaired.toString();
    }

    /** How many of the special tokens come before the text, seen by encoding a word. */
    private static int leading(NativeTokenizer tokenizer, int[] special, Path source) {
        for (String probe : new String[] {"a", "the", "1", ".", "\u4e00"}) {
            int[] body = toInts(tokenizer.encode(probe, false));
            int[] whole = toInts(tokenizer.encode(probe, true));
            if (body.length == 0) {
                continue;
            }
            for (int n = 0; n <= special.length; n++) {
                int[] expected = new int[special.length + body.length];
                System.arraycopy(special, 0, expected, 0, n);
                System.arraycopy(body, 0, expected, n, body.length);
                System.arraycopy(special, n, expected, n + body.length, special.length - n);
                if (Arrays.equals(expected, whole)) {
                    return n;
                }
            }
            throw new TokenizerException(
                    source + ": expected special tokens before and after the text, found another arrangement");
        }
        throw new TokenizerException(source + ": expected ids for common words, found none");
    }

    private static int tokenType(NativeTokenizer tokenizer, Path source) {
        int[] types = Arrays.stream(toInts(tokenizer.types("a"))).distinct().toArray();
        if (types.length != 1) {
            throw new TokenizerException(
                    source + ": key 'post_processor': expected one token type for a whole text, found "
                            + Arrays.toString(types));
        }
        return types[0];
    }

    static int[] toInts(long[] ids) {
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }
}
