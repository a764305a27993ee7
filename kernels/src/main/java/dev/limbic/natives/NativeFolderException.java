package dev.limbic.natives;

/** There is no folder for native libraries; the message says what was tried, what was wrong and what to set. */
public final class NativeFolderException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NativeFolderException(String message) {
        super(message);
    }
}
