package dev.limbic.server.batch;

import java.util.NavigableMap;
import java.util.TreeMap;

/** Work of one priority that waits in a lane, the most urgent first. Guarded by the batcher's lock. */
final class Rank<P, R> {
    private static final double CROWD_GAIN = 0.25;

    /** After so long, what rode has faded to the e-th part. */
    private static final double MEMORY_NANOS = 1e9;

    private final NavigableMap<Urgency, Ticket<P, R>> tickets = new TreeMap<>();
    private long cost;
    private double crowdCost;
    private double busyNanos;
    private long busySince;

    NavigableMap<Urgency, Ticket<P, R>> tickets() {
        return tickets;
    }

    void add(Ticket<P, R> ticket) {
        tickets.put(ticket.urgency(), ticket);
        cost += ticket.cost();
    }

    boolean remove(Ticket<P, R> ticket) {
        boolean removed = tickets.remove(ticket.urgency()) != null;
        if (removed) {
            cost -= ticket.cost();
        }
        return removed;
    }

    /** What waits here. */
    Amount amount() {
        return new Amount(tickets.size(), cost);
    }

    /** What waits here and goes before work of the same priority. */
    Amount before(Urgency urgency) {
        Amount before = amount();
        for (Ticket<P, R> later : tickets.tailMap(urgency, true).values()) { // few: most work comes last
            before = before.minus(later.cost());
        }
        return before;
    }

    /** Notes that a rider left for a batch, and how much of the batch's time is his. */
    void rode(double nanos, long now) {
        busyNanos = busy(now) + nanos;
        busySince = now;
    }

    private double busy(long now) {
        return busyNanos * Math.exp((busySince - now) / MEMORY_NANOS);
    }

    /** Part of the device's time that this rank took of late. */
    double share(long now) {
        return busy(now) / MEMORY_NANOS;
    }

    /** Notes, when a batch is assembled, how large it could be of what is at least as urgent as this rank. */
    void crowd(double batchCost) {
        crowdCost += CROWD_GAIN * (batchCost - crowdCost);
    }

    /** What was noted of late. */
    double crowdCost() {
        return crowdCost;
    }
}
