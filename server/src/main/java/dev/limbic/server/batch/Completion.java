package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;

/**
 * Receives the outcome of one piece of work. Exactly one method is called, once, unless the work was withdrawn by
 * {@link Ticket#cancel}. Calls come from the completion executor, for a
 * batch of one row from the thread that owns the device; they must be quick and must not block.
 *
 * @param <R> result
 */
public interface Completion<R> {
    /** The work was done. */
    void done(R result, Ride ride);

    /** The work was dropped or its batch failed. */
    void failed(LimbicException failure);
}
