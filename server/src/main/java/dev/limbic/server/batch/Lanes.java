package dev.limbic.server.batch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All queues of a device. Guarded by the batcher's lock. */
final class Lanes {
    /** One batch of so many begins with what is due first, whatever its priority: so nothing starves. */
    static final int FAIR_EVERY = 8;

    private final List<Lane<?, ?>> lanes = new ArrayList<>();
    private long nextSequence;
    private long batches;

    /** Whose turn it is: the lane, and whether its batch begins with what is due first. */
    record Pick(Lane<?, ?> lane, boolean overdueFirst) {}

    void add(Lane<?, ?> lane) {
        lanes.add(lane);
    }

    List<Lane<?, ?>> all() {
        return lanes;
    }

    int waitingRows() {
        return lanes.stream().mapToInt(lane -> lane.backlog().rows()).sum();
    }

    long nextSequence() {
        return nextSequence++;
    }

    /** Empties all queues. */
    List<Ticket<?, ?>> takeAll() {
        List<Ticket<?, ?>> tickets = new ArrayList<>();
        lanes.forEach(lane -> tickets.addAll(lane.backlog().clear()));
        return tickets;
    }

    /** Removes and returns what has expired. */
    List<Ticket<?, ?>> takeExpired(long now) {
        List<Ticket<?, ?>> expired = new ArrayList<>();
        lanes.forEach(lane -> expired.addAll(lane.backlog().takeExpired(now)));
        return expired;
    }

    /** The lane that holds the most urgent work, now and then the one that holds what is overdue longest. */
    @Nullable
    Pick pick(long now) {
        Lane<?, ?> urgent = null;
        Urgency mostUrgent = null;
        Lane<?, ?> overdue = null;
        Urgency firstDue = null;
        for (Lane<?, ?> lane : lanes) {
            Ticket<?, ?> head = lane.backlog().mostUrgent();
            Ticket<?, ?> due = lane.backlog().firstDue();
            if (head == null || due == null) {
                continue;
            }
            if (mostUrgent == null || head.urgency().compareTo(mostUrgent) < 0) {
                mostUrgent = head.urgency();
                urgent = lane;
            }
            if (firstDue == null || due.urgency().compareDue(firstDue) < 0) {
                firstDue = due.urgency();
                overdue = lane;
            }
        }
        if (urgent == null || overdue == null || firstDue == null) {
            return null;
        }
        boolean fair = batches % FAIR_EVERY == FAIR_EVERY - 1 && firstDue.dueNanos() <= now;
        return new Pick(fair ? overdue : urgent, fair);
    }

    /** Removes a batch of the picked lane's work, as {@link Lane#takeBatch} does. */
    Batch<?, ?> takeBatch(Pick pick, long now, long answeringNanos, List<Ticket<?, ?>> late) {
        batches++;
        return pick.lane().takeBatch(now, answeringNanos, pick.overdueFirst(), late);
    }
}
