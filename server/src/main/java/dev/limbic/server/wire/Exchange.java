package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.Pending;
import io.grpc.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * All that one method with one request does, beside what all calls do: its messages are read, handed on, and what comes
 * back is made messages. Stateless.
 *
 * @param <Q> the request
 * @param <A> what takes the answer: a {@link Responder}, or one {@link Responder.OfMany}
 */
interface Exchange<Q, A> {
    /** What a request takes of the heap, in bytes, about. */
    long cost(Q request);

    /** Which model it is for. */
    Target target(Q request);

    /**
     * Begins to answer; keeps of the request only what the answer repeats of it.
     *
     * @param deadline of the call, if any
     * @return what is under way, for cancellation
     * @throws LimbicException if it cannot be accepted; the responder hears nothing then
     */
    Pending begin(Q request, @Nullable Deadline deadline, A responder);
}
