package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The queue of one model on a device: work of a lane may share a batch, work of different lanes may not. Thread-safe;
 * the queue is guarded by the batcher's lock.
 *
 * @param <P> payload
 * @param <R> result
 */
public final class Lane<P, R> {
    private final MicroBatcher batcher;
    private final String name;
    private final Work<P, R> work;
    private final NavigableSet<Ticket<P, R>> waiting = new TreeSet<>();

    Lane(MicroBatcher batcher, String name, Work<P, R> work) {
        this.batcher = batcher;
        this.name = name;
        this.work = work;
    }

    /** Name of the lane, such as the model's. */
    public String name() {
        return name;
    }

    /**
     * Hands work to the device. Returns at once; the completion is called later, from another thread.
     *
     * @param payload what {@link Work#run} receives
     * @param tokens its cost in the token budget, at least 1
     * @param patienceNanos how much later other work may be submitted and still go first
     * @param timeoutNanos time from now after which the work need not start, {@link Long#MAX_VALUE} for none
     * @throws LimbicException.Overloaded if the lane's queue is full
     * @throws LimbicException.Expired if the timeout is not positive
     * @throws LimbicException.Unavailable if the batcher is stopping
     */
    public Ticket<P, R> submit(P payload, int tokens, long patienceNanos, long timeoutNanos, Completion<R> completion) {
        return batcher.submit(this, payload, tokens, patienceNanos, timeoutNanos, completion);
    }

    /** Rows that wait now. */
    public int depth() {
        return batcher.depth(this);
    }

    /** Tells the observer of work that was dropped before it came here. */
    public void dropped(BatchObserver.Drop reason) {
        batcher.dropped(this, reason);
    }

    boolean withdraw(Ticket<P, R> ticket) {
        return batcher.withdraw(this, ticket);
    }

    NavigableSet<Ticket<P, R>> waiting() {
        return waiting;
    }

    @Nullable
    Ticket<P, R> mostUrgent() {
        return waiting.isEmpty() ? null : waiting.first();
    }

    /** Whether what waits fills a batch, so that waiting longer gains nothing. */
    private boolean fillsBatch(BatchPolicy policy) {
        if (waiting.size() >= policy.maxRows()) {
            return true;
        }
        long tokens = 0;
        for (Ticket<P, R> ticket : waiting) {
            tokens += ticket.tokens();
        }
        return tokens >= policy.maxTokens();
    }

    /** How long the lane's batch may still gather, in nanoseconds; the lane must not be empty. */
    long delayLeft(BatchPolicy policy, long now) {
        long delay = policy.maxDelay().toNanos();
        return delay == 0 || fillsBatch(policy) ? 0 : latestStartNanos(delay) - now;
    }

    /** Instant at which a batch must start that may gather for {@code delayNanos}; the lane must not be empty. */
    private long latestStartNanos(long delayNanos) {
        long latest = Long.MAX_VALUE;
        for (Ticket<P, R> ticket : waiting) {
            latest = Math.min(latest, ticket.latestStartNanos(delayNanos));
        }
        return latest;
    }

    /** Removes and returns what has expired. */
    List<Ticket<P, R>> takeExpired(long now) {
        List<Ticket<P, R>> expired = List.of();
        for (Iterator<Ticket<P, R>> each = waiting.iterator(); each.hasNext(); ) {
            Ticket<P, R> ticket = each.next();
            if (!ticket.dueAt(now)) {
                break; // what is not due has not expired, and what follows is due later still
            }
            if (ticket.expiredAt(now)) {
                each.remove();
                expired = expired.isEmpty() ? new ArrayList<>() : expired;
                expired.add(ticket);
            }
        }
        return expired;
    }

    /** Removes the most urgent work within the policy's bounds, at least one row; the lane must not be empty. */
    Batch<P, R> takeBatch(BatchPolicy policy, long now) {
        List<Ticket<P, R>> tickets = new ArrayList<>(Math.min(waiting.size(), policy.maxRows()));
        int tokens = 0;
        while (!waiting.isEmpty() && tickets.size() < policy.maxRows()) {
            Ticket<P, R> next = waiting.first();
            if (!tickets.isEmpty() && tokens + next.tokens() > policy.maxTokens()) {
                break;
            }
            waiting.pollFirst();
            tickets.add(next);
            tokens += next.tokens();
        }
        return new Batch<>(name, work, tickets, tokens, now);
    }
}
