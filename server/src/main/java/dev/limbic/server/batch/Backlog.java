package dev.limbic.server.batch;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What waits in a lane: a {@link Rank} per priority, the most urgent first. Guarded by the batcher's lock. */
final class Backlog<P, R> {
    private final NavigableMap<Long, Rank<P, R>> ranks = new TreeMap<>();
    private int rows;

    int rows() {
        return rows;
    }

    void add(Ticket<P, R> ticket) {
        ranks.computeIfAbsent(ticket.urgency().patienceNanos(), patience -> new Rank<>())
                .add(ticket);
        rows++;
    }

    /** Returns whether the work still waited. */
    boolean remove(Ticket<P, R> ticket) {
        Rank<P, R> rank = ranks.get(ticket.urgency().patienceNanos());
        boolean removed = rank != null && rank.remove(ticket);
        if (removed) {
            rows--;
        }
        return removed;
    }

    /** Removes and returns everything. */
    List<Ticket<P, R>> clear() {
        List<Ticket<P, R>> all = tickets().toList();
        all.forEach(this::remove);
        return all;
    }

    /** Everything, the most urgent first. */
    Stream<Ticket<P, R>> tickets() {
        return ranks.values().stream().flatMap(rank -> rank.tickets().values().stream());
    }

    @Nullable
    Ticket<P, R> mostUrgent() {
        for (Rank<P, R> rank : ranks.values()) {
            if (!rank.tickets().isEmpty()) {
                return rank.tickets().firstEntry().getValue();
            }
        }
        return null;
    }

    /** What is due first, whatever its priority. */
    @Nullable
    Ticket<P, R> firstDue() {
        Ticket<P, R> first = null;
        for (Rank<P, R> rank : ranks.values()) {
            if (!rank.tickets().isEmpty()) {
                Ticket<P, R> own = rank.tickets().firstEntry().getValue();
                first = first == null || own.urgency().compareDue(first.urgency()) < 0 ? own : first;
            }
        }
        return first;
    }

    /** Removes and returns the least urgent work of a lower priority than this one, if there is any. */
    @Nullable
    Ticket<P, R> displace(Urgency urgency) {
        for (Rank<P, R> rank :
                ranks.tailMap(urgency.patienceNanos(), false).descendingMap().values()) {
            if (!rank.tickets().isEmpty()) {
                Ticket<P, R> last = rank.tickets().lastEntry().getValue();
                remove(last);
                return last;
            }
        }
        return null;
    }

    /** Whether there is any work of a lower priority. */
    boolean canDisplace(Urgency urgency) {
        return ranks.tailMap(urgency.patienceNanos(), false).values().stream()
                .anyMatch(rank -> !rank.tickets().isEmpty());
    }

    /** What goes before work of this urgency. */
    Amount before(Urgency urgency) {
        Amount before = Amount.NONE;
        for (Rank<P, R> rank : ranks.headMap(urgency.patienceNanos(), false).values()) {
            before = before.plus(rank.amount());
        }
        Rank<P, R> own = ranks.get(urgency.patienceNanos());
        return own == null ? before : before.plus(own.before(urgency));
    }

    /** Part of the device's time that higher priorities took of late. */
    double shareBefore(Urgency urgency, long now) {
        double share = 0;
        for (Rank<P, R> rank : ranks.headMap(urgency.patienceNanos(), false).values()) {
            share += rank.share(now);
        }
        return share;
    }

    /** Removes what leaves for a batch of which so much time is its own. */
    void board(Ticket<P, R> ticket, double nanos, long now) {
        Rank<P, R> rank = ranks.get(ticket.urgency().patienceNanos());
        if (rank != null && rank.remove(ticket)) {
            rows--;
            rank.rode(nanos, now);
        }
    }

    /** Cost of late of a batch of what waited, of this urgency's priority or a higher one, had all had time. */
    double crowdCost(Urgency urgency) {
        Rank<P, R> own = ranks.get(urgency.patienceNanos());
        return own == null ? 0 : own.crowdCost();
    }

    /** Notes how much waits when a batch is assembled. */
    void noteCrowd(BatchPolicy policy) {
        Amount amount = Amount.NONE;
        for (Rank<P, R> rank : ranks.values()) {
            amount = amount.plus(rank.amount());
            rank.crowd(amount.batchCost(policy));
        }
    }

    /** Removes and returns what has expired. */
    List<Ticket<P, R>> takeExpired(long now) {
        List<Ticket<P, R>> expired = new ArrayList<>();
        for (Rank<P, R> rank : ranks.values()) {
            for (Iterator<Ticket<P, R>> each = rank.tickets().values().iterator(); each.hasNext(); ) {
                Ticket<P, R> ticket = each.next();
                if (ticket.urgency().dueNanos() > now) {
                    break; // what is not due has not expired, and what follows is due later still
                }
                if (ticket.expiredAt(now)) {
                    expired.add(ticket);
                }
            }
        }
        expired.forEach(this::remove);
        return expired;
    }
}
