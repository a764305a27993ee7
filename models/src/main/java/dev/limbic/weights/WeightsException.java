package dev.limbic.weights;

import org.jspecify.annotations.Nullable;

/**
 * A model folder that cannot be used: damaged, incomplete or of a kind that is not supported. Thrown while a model is
 * loaded, never while it serves. The message names the file, the tensor or key, what was expected and what was found.
 */
public final class WeightsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WeightsException(String message) {
        this(message, null);
    }

    public WeightsException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
