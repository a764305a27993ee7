package dev.limbic.generate;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Turns tokens into pieces of text that can be sent at once. A character whose bytes are not complete waits, and so does
 * an end of the text that may be the beginning of a stop string. Bytes that are no UTF-8 become U+FFFD. Without a stop
 * string all pieces and {@link #flush} together are what decoding all bytes at once gives. Not thread-safe.
 */
final class TextStream {
    private final TokenBytes vocabulary;
    private final List<String> stopStrings;
    private final int longestStop;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private ByteBuffer bytes = ByteBuffer.allocate(64);
    private CharBuffer chars = CharBuffer.allocate(66);
    private final StringBuilder held = new StringBuilder();
    private int searchedUpTo;
    private boolean stopped;

    TextStream(TokenBytes vocabulary, List<String> stopStrings) {
        this.vocabulary = vocabulary;
        this.stopStrings = stopStrings;
        this.longestStop = stopStrings.stream().mapToInt(String::length).max().orElse(0);
    }

    /**
     * Adds a token and returns the text that is certain now, perhaps none. Where the text completes a stop string, it
     * ends before that and {@link #stopped} is true; of several stop strings the one that is complete first counts, and
     * of those the longest.
     *
     * @param mayStop whether a stop string that this token completes counts; one that it does not complete yet may later
     */
    String push(int id, boolean mayStop) {
        if (stopped) {
            throw new IllegalStateException("the text has ended");
        }
        decode(vocabulary.of(id), false);
        return takeCertain(mayStop);
    }

    /** Whether a stop string has ended the text. */
    boolean stopped() {
        return stopped;
    }

    /** The text still held back, when no token will follow; none after a stop string. */
    String flush() {
        if (stopped) {
            return "";
        }
        decode(new byte[0], true);
        String rest = held.toString();
        held.setLength(0);
        return rest;
    }

    private void decode(byte[] more, boolean end) {
        if (bytes.remaining() < more.length) {
            ByteBuffer larger = ByteBuffer.allocate(bytes.position() + more.length);
            bytes = larger.put(bytes.flip());
            chars = CharBuffer.allocate(larger.capacity() + 2);
        }
        bytes.put(more).flip();
        searchedUpTo = held.length();
        decoder.decode(bytes, chars, end);
        bytes.compact();
        held.append(chars.flip());
        chars.clear();
    }

    private String takeCertain(boolean mayStop) {
        int certain = longestStop > 0 ? findStop(mayStop) : held.length();
        String text = held.substring(0, certain);
        held.delete(0, certain);
        return text;
    }

    /** Where the held text ends, or from where on it has to wait. */
    private int findStop(boolean mayStop) {
        for (int end = searchedUpTo + 1; mayStop && end <= held.length(); end++) {
            int start = end;
            for (String stop : stopStrings) {
                int candidate = end - stop.length();
                if (candidate >= 0 && candidate < start && matches(candidate, stop, stop.length())) {
                    start = candidate;
                }
            }
            if (start < end) {
                stopped = true;
                return start;
            }
        }
        int start = Math.max(0, held.length() - longestStop + 1);
        while (start < held.length() && !mayBeginStop(start)) {
            start++;
        }
        return start;
    }

    private boolean mayBeginStop(int start) {
        int length = held.length() - start;
        for (String stop : stopStrings) {
            if (length < stop.length() && matches(start, stop, length)) {
                return true;
            }
        }
        return false;
    }

    private boolean matches(int start, String stop, int length) {
        for (int i = 0; i < length; i++) {
            if (held.charAt(start + i) != stop.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
