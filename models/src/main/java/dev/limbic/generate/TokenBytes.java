package dev.limbic.generate;

/** What a token stands for in the text. Thread-safe. */
@FunctionalInterface
public interface TokenBytes {
    /**
     * Bytes of UTF-8 of a token, perhaps a part of a character; none for a token that is no text, such as the end of
     * text. The array must not be changed.
     */
    byte[] of(int id);
}
