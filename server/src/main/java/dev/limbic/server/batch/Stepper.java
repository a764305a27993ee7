package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;

/** Work of many short steps, such as the generation of text, that shares a device with batches. */
public interface Stepper {
    /** Whether a step has anything to do; from any thread. */
    boolean hasWork();

    /** Does one step; failures are its own affair. Called by the thread that owns the device. */
    void step();

    /** Ends all work as failed. Called by the thread that owns the device. */
    void failAll(LimbicException why);
}
