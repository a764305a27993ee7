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
    private final int maxTokens;
    private final int vocabSize;
    private final boolean splitsAtSpaces;
    private final int[] before;
    private final int[] after;

    private TextEncoder(NativeTokenizer tokenizer, TokenizerFiles files, int maxTokens) {
        this.tokenizer = tokenizer;
        this.maxTokens = maxTokens;
        this.vocabSize = files.vocabSize();
        this.splitsAtSpaces = files.splitsAtSpaces();
        int[] special = toInts(tokenizer.encode("", true));
        int count = leading(tokenizer, special, files.source());
        this.before = Arrays.copyOf(special, count);
        this.after = Arrays.copyOfRange(special, count, special.length);
        if (maxTokens <= special.length) {
            throw new TokenizerException(files.source() + ": expected a limit above the " + special.length
                    + " special tokens, found " + maxTokens);
        }
    }

    /**
     * Loads the tokeniser of a model folder: {@code tokenizer.json}, else {@code vocab.txt} (BERT's WordPiece), else
     * {@code vocab.json} with {@code merges.txt} (RoBERTa's byte-level BPE), the latter two by the settings of
     * {@code tokenizer_config.json}.
     *
     * @param folder model folder
     * @param maxTokens longest encoding, special tokens included
     * @throws TokenizerException if there is no tokeniser, or it is damaged or not supported
     */
    public static TextEncoder open(Path folder, int maxTokens) {
        TokenizerFiles files = TokenizerFiles.read(folder);
        NativeTokenizer tokenizer = load(files);
        try {
            return new TextEncoder(tokenizer, files, maxTokens);
        } catch (TokenizerException e) {
            throw e;
        } catch (RuntimeException e) {
            throw unreadable(files, e);
        }
    }

    /** The library's tokeniser of those files, or what is wrong with them. */
    static NativeTokenizer load(TokenizerFiles files) {
        try {
            return new NativeTokenizer(files.json());
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
            int chars = Math.max(MIN_CHARS, Math.multiplyExact(room, CHARS_PER_TOKEN));
            while (splitsAtSpaces && chars < text.length()) {
                int cut = wordEnd(text, chars);
                if (cut == text.length()) {
                    break;
                }
                long[] ids = tokenizer.encode(text.substring(0, cut), false);
                if (ids.length >= room + MARGIN_TOKENS) {
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
    private static int leading(NativeTokenizer tokenizer, int[] special, String source) {
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

    static int[] toInts(long[] ids) {
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }
}
