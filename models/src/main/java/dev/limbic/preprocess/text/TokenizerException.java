package dev.limbic.preprocess.text;

import dev.limbic.weights.WeightsException;
import org.jspecify.annotations.Nullable;

/**
 * A model folder whose tokeniser cannot be used. Thrown while a model is loaded, never while it serves. The message
 * names the file, what was expected and what was found.
 */
public final class TokenizerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TokenizerException(String message) {
        this(message, null);
    }

    public TokenizerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The same said of a tokeniser's file. */
    TokenizerException(WeightsException unreadable) {
        this(String.valueOf(unreadable.getMessage()), unreadable);
    }
}
