package dev.limbic.server.batch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All queues of a device. Guarded by the batcher's lock. */
final class Lanes {
    private final List<Lane<?, ?>> lanes = new ArrayList<>();
    private long nextSequence;
    private int waitingRows;

    void add(Lane<?, ?> lane) {
        lanes.add(lane);
    }

    int waitingRows() {
        return waitingRows;
    }

    /** Queues work. */
    <P, R> Ticket<P, R> add(
            Lane<P, R> lane,
            P payload,
            int tokens,
            long patienceNanos,
            long timeoutNanos,
            Completion<R> completion,
            long now) {
        long deadline = timeoutNanos >= Ticket.NEVER - Math.max(0, now) ? Ticket.NEVER : now + timeoutNanos;
        Ticket<P, R> ticket =
                new Ticket<>(lane, nextSequence++, now, deadline, patienceNanos, payload, tokens, completion);
        lane.waiting().add(ticket);
        waitingRows++;
        return ticket;
    }

    /** Returns whether the work still waited. */
    <P, R> boolean remove(Lane<P, R> lane, Ticket<P, R> ticket) {
        boolean removed = lane.waiting().remove(ticket);
        if (removed) {
            waitingRows--;
        }
        return removed;
    }

    /** Empties all queues. */
    List<Ticket<?, ?>> takeAll() {
        List<Ticket<?, ?>> tickets = new ArrayList<>();
        for (Lane<?, ?> lane : lanes) {
            tickets.addAll(lane.waiting());
            lane.waiting().clear();
        }
        waitingRows = 0;
        return tickets;
    }

    /** Drops what has expired and returns the lane with the most urgent ticket, if any. */
    @Nullable
    Lane<?, ?> dropExpiredAndPick(long now, List<Ticket<?, ?>> expired) {
        Lane<?, ?> best = null;
        Ticket<?, ?> mostUrgent = null;
        for (Lane<?, ?> lane : lanes) {
            List<? extends Ticket<?, ?>> late = lane.takeExpired(now);
            waitingRows -= late.size();
            expired.addAll(late);
            Ticket<?, ?> first = lane.mostUrgent();
            if (first != null && (mostUrgent == null || first.compareTo(mostUrgent) < 0)) {
                mostUrgent = first;
                best = lane;
            }
        }
        return best;
    }

    /** Removes a batch of the lane's work. */
    <P, R> Batch<P, R> takeBatch(Lane<P, R> lane, BatchPolicy policy, long now) {
        Batch<P, R> batch = lane.takeBatch(policy, now);
        waitingRows -= batch.tickets().size();
        return batch;
    }
}
