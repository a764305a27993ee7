package dev.limbic.server.pipeline;

/**
 * A text to analyse.
 *
 * @param model name of a model, empty for the default one
 * @param timeoutNanos time from now that the answer is worth waiting for, {@link Long#MAX_VALUE} for no bound
 */
public record TextRequest(String model, String text, Priority priority, long timeoutNanos) {
    /** Text is private: it must not reach a log through a careless string conversion. */
    @Override
    public String toString() {
        return "TextRequest[model=" + model + ", priority=" + priority + "]";
    }
}
