package dev.limbic.server.batch;

import java.util.List;

/**
 * What the device does with a batch. Called only by the thread that owns the device.
 *
 * @param <P> payload
 * @param <R> result
 */
@FunctionalInterface
public interface Work<P, R> {
    /**
     * Runs a batch.
     *
     * @param batch at least one payload
     * @return one result per payload, in the same order
     */
    List<R> run(List<P> batch);
}
