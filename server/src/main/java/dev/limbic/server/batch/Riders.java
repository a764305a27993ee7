package dev.limbic.server.batch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who rides in a batch that is being assembled: what fits and what it brings home in time. Changes no queue. */
final class Riders<P, R> {
    /** What becomes of work that would like to come along. */
    private enum Verdict {
        /** It rides. */
        ABOARD,
        /** It waits for the next batch, and so does all that is less urgent: nothing is overtaken to fill a gap. */
        NEXT,
        /** Its answer would come too late, whatever is done. */
        LATE
    }

    /** Left behind is who halves the pace of the others, but not who slows them a little. */
    private static final double WORTH = 0.9;

    /** So many times twice the time that the most urgent rider has. */
    private static final int DOUBLINGS = 4;

    private final BatchPolicy policy;
    private final Pace pace;
    private final long now;
    private final long answeringNanos;
    private final double leastNanos;
    private final long fromPatience;
    private final List<Ticket<P, R>> tickets = new ArrayList<>();
    private final List<Ticket<P, R>> late = new ArrayList<>();
    private @Nullable Ticket<P, R> tightest;
    private int cost;
    private long finishByNanos = Ticket.NEVER;

    /**
     * @param order who would like to ride, first come first
     * @param leastNanos who has less time than this is left behind
     * @param fromPatience but not who has less patience than this
     */
    private Riders(
            List<Ticket<P, R>> order,
            BatchPolicy policy,
            Pace pace,
            long now,
            long answeringNanos,
            double leastNanos,
            long fromPatience) {
        this.policy = policy;
        this.pace = pace;
        this.now = now;
        this.answeringNanos = answeringNanos;
        this.leastNanos = leastNanos;
        this.fromPatience = fromPatience;
        board(order);
    }

    /**
     * Chooses riders. Everybody who can be in time rides in order, and the batch is as long as its most urgent rider has
     * time. But where batches have a fixed part, riders who have hardly any time make small batches, and then the next
     * ones wait and have hardly any time either: so where not all can be in time, who has little time is left behind if
     * others, as urgent and waiting already, would ride much cheaper without him. That is how the most are in time.
     *
     * @param order what waits, first come first
     * @param now when the batch starts
     * @param answeringNanos from its end to the last answer
     */
    static <P, R> Riders<P, R> choose(
            List<Ticket<P, R>> order, BatchPolicy policy, Pace pace, long now, long answeringNanos) {
        Riders<P, R> best = new Riders<>(order, policy, pace, now, answeringNanos, 0, 0);
        Ticket<P, R> tightest = best.tightest;
        if (tightest == null || best.leavesNobodyLate(order)) {
            return best;
        }
        double room = best.finishByNanos - now;
        long patience = tightest.urgency().patienceNanos();
        List<Ticket<P, R>> peers = order.stream()
                .filter(ticket -> ticket.urgency().patienceNanos() <= patience)
                .toList();
        double rate = best.rate();
        for (int i = 0; i < DOUBLINGS; i++) {
            room *= 2;
            Riders<P, R> without = new Riders<>(peers, policy, pace, now, answeringNanos, room, patience);
            if (WORTH * without.rate() > rate) {
                rate = without.rate();
                best = new Riders<>(order, policy, pace, now, answeringNanos, room, patience);
            }
        }
        return best;
    }

    private void board(List<Ticket<P, R>> order) {
        for (Ticket<P, R> ticket : order) {
            switch (verdict(ticket)) {
                case ABOARD -> take(ticket);
                case LATE -> late.add(ticket);
                case NEXT -> {
                    return;
                }
            }
        }
    }

    /** Whether the next batch would bring home in time whoever does not ride in this one. */
    private boolean leavesNobodyLate(List<Ticket<P, R>> order) {
        List<Ticket<P, R>> rest = order.subList(tickets.size() + late.size(), order.size());
        long end = now + (long) pace.nanos(1, cost);
        Riders<P, R> next = new Riders<>(rest, policy, pace, end, answeringNanos, 0, 0);
        return next.tickets.size() == rest.size();
    }

    private Verdict verdict(Ticket<P, R> ticket) {
        if (tickets.size() >= policy.maxRows()) {
            return Verdict.NEXT;
        }
        long finishBy = ticket.finishByNanos(answeringNanos);
        if (finishBy < now + leastNanos && ticket.urgency().patienceNanos() >= fromPatience) {
            return Verdict.LATE;
        }
        double next = now + (tickets.isEmpty() ? 0 : pace.nanos(1, cost)) + pace.mostNanos(ticket.cost());
        boolean fits = tickets.isEmpty() || (long) cost + ticket.cost() <= policy.maxCost();
        double end = fits ? now + pace.mostNanos(cost + ticket.cost()) : next;
        if (end > finishBy) {
            return next > finishBy ? Verdict.LATE : Verdict.NEXT;
        }
        return fits && end <= finishByNanos ? Verdict.ABOARD : Verdict.NEXT;
    }

    private void take(Ticket<P, R> ticket) {
        tickets.add(ticket);
        cost += ticket.cost();
        long finishBy = ticket.finishByNanos(answeringNanos);
        if (finishBy < finishByNanos) {
            finishByNanos = finishBy;
            tightest = ticket;
        }
    }

    /** Cost per nanosecond. */
    private double rate() {
        return cost / pace.nanos(1, cost);
    }

    /** Who rides. */
    List<Ticket<P, R>> tickets() {
        return tickets;
    }

    /** Who will not be answered in time. */
    List<Ticket<P, R>> late() {
        return late;
    }

    int cost() {
        return cost;
    }
}
