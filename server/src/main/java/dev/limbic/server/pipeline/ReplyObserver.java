package dev.limbic.server.pipeline;

import dev.limbic.generate.FinishReason;

/** Hears what becomes of replies. Called from threads that must not wait. */
public interface ReplyObserver {
    /** Hears nothing. */
    ReplyObserver NONE = (model, reason, tokens, firstTokenNanos, totalNanos) -> {};

    /**
     * A reply ended.
     *
     * @param tokens tokens it had
     * @param firstTokenNanos time from the request to the first one, 0 if there was none
     */
    void replied(String model, FinishReason reason, int tokens, long firstTokenNanos, long totalNanos);
}
