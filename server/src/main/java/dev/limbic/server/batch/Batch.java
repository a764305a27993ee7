package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Work that goes through the device together.
 *
 * @param assembledNanos when it left the queue
 */
record Batch<P, R>(Lane<P, R> lane, List<Ticket<P, R>> tickets, int cost, long assembledNanos) {
    /** In place of a time. */
    static final long FAILED = -1;

    /**
     * Runs on the thread that owns the device; the outcome is handed to {@code completions}, that of a
     * single row is delivered at once. A failure of the work
     * reaches the batch's own tickets and nobody else.
     *
     * @param answered told how long after the work the last row had been delivered, in nanoseconds
     * @return time the device was busy, in nanoseconds; {@link #FAILED} if the work failed, which says nothing of its time
     */
    long run(LongSupplier clock, Executor completions, BatchObserver observer, LongConsumer answered) {
        List<P> payloads = new ArrayList<>(tickets.size());
        for (Ticket<P, R> ticket : tickets) {
            payloads.add(ticket.payload());
        }
        long started = clock.getAsLong();
        List<R> results = List.of();
        LimbicException failure = null;
        try {
            results = lane.work().run(payloads);
            if (results.size() != tickets.size()) {
                throw new IllegalStateException(
                        "model %s returned %d rows for %d".formatted(lane.name(), results.size(), tickets.size()));
            }
        } catch (LimbicException e) {
            failure = e;
        } catch (Throwable e) {
            failure = new LimbicException.Internal(
                    "model %s failed on a batch of %d rows that cost %d".formatted(lane.name(), tickets.size(), cost),
                    e);
        }
        long ended = clock.getAsLong();
        long computeNanos = ended - started;
        observe(observer, computeNanos, failure);
        List<R> rows = results;
        LimbicException why = failure;
        Runnable delivery = () -> {
            deliver(rows, computeNanos, why);
            answered.accept(clock.getAsLong() - ended);
        };
        if (tickets.size() == 1) {
            // A thread's wake-up costs more than one answer does, and with one row nobody else is kept waiting.
            delivery.run();
        } else {
            completions.execute(delivery);
        }
        return failure == null ? computeNanos : FAILED;
    }

    private void observe(BatchObserver observer, long computeNanos, @Nullable LimbicException failure) {
        if (failure != null) {
            observer.failed(lane.name(), tickets.size(), failure);
            return;
        }
        observer.ran(lane.name(), tickets.size(), cost, computeNanos);
        for (Ticket<P, R> ticket : tickets) {
            observer.waited(lane.name(), assembledNanos - ticket.submittedNanos());
        }
    }

    private void deliver(List<R> results, long computeNanos, @Nullable LimbicException failure) {
        for (int row = 0; row < tickets.size(); row++) {
            Ticket<P, R> ticket = tickets.get(row);
            try {
                if (failure != null) {
                    ticket.completion().failed(failure);
                } else {
                    long queueNanos = assembledNanos - ticket.submittedNanos();
                    Ride ride = new Ride(tickets.size(), cost, queueNanos, computeNanos);
                    ticket.completion().done(results.get(row), ride);
                }
            } catch (Throwable e) {
                // A completion that throws must not keep the other rows from their answers.
                System.getLogger(Batch.class.getName())
                        .log(System.Logger.Level.ERROR, "a completion failed: " + e.getClass());
            }
        }
    }
}
