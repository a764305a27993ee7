package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;

/** Receives an answer or a failure; exactly one method is called, once, unless the request was cancelled. */
public interface Receiver<A> {
    /** The answer. */
    void answered(Answer<A> answer);

    /** Why there is none. */
    void failed(LimbicException failure);
}
