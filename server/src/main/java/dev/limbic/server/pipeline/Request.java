package dev.limbic.server.pipeline;

import dev.limbic.domain.Input;

/**
 * An input to read.
 *
 * @param model name of a model, empty for the default one
 * @param timeoutNanos time from now that the answer is worth waiting for, {@link Long#MAX_VALUE} for no bound
 */
public record Request<I extends Input>(String model, I input, Priority priority, long timeoutNanos) {}
