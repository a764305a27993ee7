package dev.limbic.model;

import dev.limbic.domain.Input;
import dev.limbic.domain.Prepared;
import dev.limbic.domain.StreamSlots;
import java.util.List;
import java.util.Optional;

/**
 * A model that answers inputs in batches, loaded on a device: the waist between the service above, which ignores devices,
 * and the layers below, which ignore requests.
 *
 * <p>{@link #run} and {@link #close} belong to the thread that owns the device. Everything else may be called from any
 * thread.
 *
 * @param <I> what a client sends
 * @param <P> what waits for the device
 * @param <R> what the device gives for each row
 * @param <A> what that means
 */
public interface Model<I extends Input, P extends Prepared, R, A> extends Loaded {
    /**
     * Makes of an input what the device reads, such as token ids. What is too long is cut.
     *
     * @throws dev.limbic.domain.LimbicException if the input cannot be read
     */
    P prepare(I input);

    /** About what {@link #prepare} would make it cost, found out without preparing it; at least 1. */
    int expectedCost(I input);

    /** Whether {@link #prepare} takes no longer than to wake another thread for it, some tens of microseconds. */
    boolean isQuick(I input);

    /**
     * Runs the rows through the model as one flat batch.
     *
     * @param rows at least one
     * @return one result per row, in the same order
     */
    List<R> run(List<P> rows);

    /** What a result means. */
    A interpret(R result);

    /**
     * Where streams keep what the model remembers of them, the same as long as the model is served, also when its device is
     * opened again; empty if it looks at each input alone.
     */
    default Optional<StreamSlots> slots() {
        return Optional.empty();
    }
}
