package dev.limbic.preprocess.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.domain.LimbicException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Prompts to token ids, whole: what is too long for a model is for the caller to decide. Thread-safe. */
public final class PromptEncoder {
    /** How often marks are broken up by spaces before one that comes back is cut instead. */
    private static final int PATIENCE = 4;

    private final NativeTokenizer tokenizer;

    /** Longest first, so that of two marks with the same beginning the whole of the longer one is found. */
    private final List<String> marks;

    private final String firstChars;
    private final Set<Integer> markIds;

    /** Whether a mark may also be recognised in another writing, which only the tokenizer itself can tell. */
    private final boolean otherWritings;

    private PromptEncoder(NativeTokenizer tokenizer, List<AddedTokens.Added> marks, boolean otherWritings) {
        this.tokenizer = tokenizer;
        this.markIds = marks.stream().map(AddedTokens.Added::id).collect(Collectors.toCollection(HashSet::new));
        this.otherWritings = otherWritings;
        this.marks = marks.stream()
                .map(AddedTokens.Added::content)
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
        this.firstChars =
                this.marks.stream().map(mark -> mark.substring(0, 1)).distinct().collect(Collectors.joining());
    }

    /**
     * Loads the tokenizer of a model folder, as {@link TextEncoder#open} does.
     *
     * @throws TokenizerException if there is none, or it is damaged or not supported
     */
    public static PromptEncoder open(Path folder) {
        return of(TokenizerFiles.read(folder));
    }

    /** The tokenizer of files that were read already. */
    public static PromptEncoder of(TokenizerFiles files) {
        ObjectNode json = files.json();
        List<AddedTokens.Added> marks = AddedTokens.of(files.source(), json).stream()
                .filter(PromptEncoder::isMark)
                .toList();
        JsonNode normalizer = json.path("normalizer");
        boolean normalizes = !normalizer.isMissingNode() && !normalizer.isNull();
        boolean otherWritings = normalizes && marks.stream().anyMatch(AddedTokens.Added::normalized);
        return new PromptEncoder(TextEncoder.load(files), marks, otherWritings);
    }

    /**
     * Whether a user must not write that token: a special one, or one that is text but a mark of templates, such as
     * {@code <think>}. Added words and runs of spaces are text like other text.
     */
    private static boolean isMark(AddedTokens.Added token) {
        return token.special()
                || token.content()
                        .codePoints()
                        .anyMatch(c -> !Character.isLetterOrDigit(c)
                                && !Character.isWhitespace(c)
                                && !Character.isSpaceChar(c)
                                && c != '▁');
    }

    /**
     * Encodes a prompt that a template has written: special tokens in the text become their ids, and none is added, since
     * templates write the beginning of a text themselves. A lone surrogate is read as U+FFFD.
     */
    public int[] encode(String rendered) {
        return encode(rendered, false);
    }

    /**
     * Encodes a text without a template, as transformers' {@code tokenizer(text)}: with the special tokens that this
     * tokenizer adds. A lone surrogate is read as U+FFFD.
     */
    public int[] encodePlain(String text) {
        return encode(text, true);
    }

    private int[] encode(String text, boolean addSpecialTokens) {
        try {
            return TextEncoder.toInts(tokenizer.encode(TextEncoder.wellFormed(text), addSpecialTokens));
        } catch (RuntimeException e) {
            throw new LimbicException.Internal("the tokeniser failed", e);
        }
    }

    /**
     * A user's text in which this tokenizer recognises no special token any more, so that a user cannot end a message and
     * begin one of somebody else: within each such mark a space is put after its first character. A text without a mark
     * comes back as it is. Added tokens that are words or white space are text and stay.
     */
    public String harmless(String userText) {
        String text = userText;
        for (int pass = 0; ; pass++) {
            // A space may complete a mark that has one; cutting makes the text shorter each time, so this ends.
            String next = brokenUp(text, pass >= PATIENCE);
            if (next.equals(text)) {
                break;
            }
            text = next;
        }
        return otherWritings && recognised(text) ? lettersOnly(text) : text;
    }

    /** The text with each mark broken up once, or the same text. */
    private String brokenUp(String text, boolean cut) {
        StringBuilder result = null;
        int copied = 0;
        int i = 0;
        while (i < text.length()) {
            String mark = firstChars.indexOf(text.charAt(i)) < 0 ? null : markAt(text, i);
            if (mark == null) {
                i++;
                continue;
            }
            result = result == null ? new StringBuilder(text.length() + marks.size()) : result;
            int first = mark.offsetByCodePoints(0, 1);
            boolean spaced = !cut && first < mark.length() && !mark.isBlank();
            result.append(text, copied, i).append(spaced ? mark.substring(0, first) + " " : "");
            result.append(mark, first, mark.length());
            i += mark.length();
            copied = i;
        }
        return result == null
                ? text
                : result.append(text, copied, text.length()).toString();
    }

    private @Nullable String markAt(String text, int index) {
        for (String mark : marks) {
            if (text.startsWith(mark, index)) {
                return mark;
            }
        }
        return null;
    }

    private boolean recognised(String text) {
        return Arrays.stream(encode(text, false)).anyMatch(markIds::contains);
    }

    /** For the rare text that only normalisation turns into a mark, such as wide brackets: marks of all kinds go. */
    private String lettersOnly(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        text.codePoints()
                .map(c -> Character.isLetterOrDigit(c) || ".,!?'\n".indexOf(c) >= 0 ? c : ' ')
                .forEach(plain::appendCodePoint);
        String result = plain.toString();
        return recognised(result) ? "" : result;
    }
}
