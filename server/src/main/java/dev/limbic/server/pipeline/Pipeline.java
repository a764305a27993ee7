package dev.limbic.server.pipeline;

import dev.limbic.domain.Input;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Prepared;
import dev.limbic.model.BatchKind;
import java.util.concurrent.Executor;

/**
 * Any input to its answer: look at the queue, prepare, queue, run, interpret, answer.
 *
 * <p>What is prepared quickly, such as a chat line, is prepared on the calling thread, a network thread: that takes less
 * than waking another one. The rest goes to the workers, so that it holds up neither the network nor the device. Results
 * come from the device's thread; they are interpreted where completions run. Thread-safe.
 */
public final class Pipeline {
    private final Catalog catalog;
    private final InputLimits limits;
    private final Executor workers;
    private final Way way = new Way();

    /**
     * A pipeline over the models.
     *
     * @param limits what more is refused
     * @param workers prepare what takes longer, on other threads than the caller's; what they reject is answered as
     *     overload
     */
    public Pipeline(Catalog catalog, InputLimits limits, Executor workers) {
        this.catalog = catalog;
        this.limits = limits;
        this.workers = workers;
    }

    /** The models it asks. */
    public Catalog catalog() {
        return catalog;
    }

    /**
     * Starts to answer a request; the receiver hears from the thread that completes the batch, or from a worker if an
     * input is refused that is prepared there.
     *
     * @return the waiting work, for cancellation
     * @throws LimbicException if the request cannot be accepted; the receiver is not called then
     */
    public <I extends Input, P extends Prepared, R, A> Pending submit(
            BatchKind<I, P, R, A> kind, Request<I> request, Receiver<A> receiver) {
        limits.require(request.input());
        return submitPart(kind, request, receiver);
    }

    /** {@link #submit} of what was made here of an input whose size has been looked at. */
    <I extends Input, P extends Prepared, R, A> Pending submitPart(
            BatchKind<I, P, R, A> kind, Request<I> request, Receiver<A> receiver) {
        ServedModel<I, P, R, A> served = catalog.named(kind, request.model());
        Job<I, P, R, A> job = new Job<>(served, request, way, receiver);
        if (served.model().isQuick(request.input())) {
            job.start();
            return job;
        }
        job.requireRoom();
        Workers.hand(workers, job, "too many inputs wait to be prepared");
        return job;
    }

    /** An answer took so long from {@link Receiver} to the network; deadlines are met by as much sooner. */
    public void sent(long nanos) {
        way.took(nanos);
    }
}
