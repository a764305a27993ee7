package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;

/** Takes the answer to one request; {@link #last} or {@link #failed} ends it, once. Thread-safe. */
interface Responder<R> {
    /** The answer, or the last part of it. */
    void last(R response);

    /** Why there is none, or no more of it. */
    void failed(LimbicException why);

    /** The client pays for so many tokens. */
    void charge(int tokens);

    /** Takes an answer of many parts. */
    interface OfMany<R> extends Responder<R> {
        /** The next part; others follow. */
        void next(R response);
    }
}
