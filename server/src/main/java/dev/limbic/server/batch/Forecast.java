package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When work would be done: after the turn that the device is at, after all that is more urgent, in batches that take as
 * long as such batches took of late, with the steps of steppers in between. Guarded by the batcher's lock.
 */
final class Forecast {
    /** If nothing of a lane ran for so long, what is known of its time may be wrong, and one request finds out. */
    static final long TRUST_NANOS = Duration.ofSeconds(1).toNanos();

    private static final double NANOS_PER_MILLI = 1e6;

    /** Of the device's time, what is thought to be left at least for whoever waits, however busy higher priorities are. */
    private static final double LEAST_LEFT = 0.05;

    private final Lanes lanes;
    private final Steppers steppers;
    private final Pace steps = new Pace(1);
    private final Pace answering = new Pace(1);

    private @Nullable Lane<?, ?> running;
    private boolean stepping;
    private long turnStartedNanos;
    private double turnNanos;

    Forecast(Lanes lanes, Steppers steppers) {
        this.lanes = lanes;
        this.steppers = steppers;
    }

    /**
     * What work can hope for.
     *
     * @param waitNanos until all that goes before it is done
     * @param doneNanos until its own batch is done
     */
    private record Prospect(double waitNanos, double doneNanos) {}

    /** A batch begins. */
    void begins(Batch<?, ?> batch) {
        running = batch.lane();
        turnStartedNanos = batch.assembledNanos();
        turnNanos = batch.lane().pace().nanos(1, batch.cost());
    }

    /** A step begins. */
    void stepBegins(long now) {
        stepping = true;
        turnStartedNanos = now;
        turnNanos = steps.nanos(1, 1);
    }

    /** The turn that began, if one did, has ended. */
    void turnEnded(long now) {
        if (stepping) {
            steps.observed(1, now - turnStartedNanos);
        }
        stepping = false;
        running = null;
    }

    /** The last row of a batch was delivered so long after the batch was computed. */
    void answered(long nanos) {
        answering.observed(1, nanos);
    }

    /** From the end of a batch until its answers are on their way. */
    long answeringNanos() {
        return (long) answering.mostNanos(1);
    }

    /**
     * Whether work of this lane must be let in to learn how long it takes: nothing is known, or what is known refused
     * everything for a while.
     */
    boolean mustLearn(Lane<?, ?> lane, long now) {
        return !lane.pace().known()
                || (lane.backlog().rows() == 0 && running != lane && now - lane.ranNanos() >= TRUST_NANOS);
    }

    /**
     * Refuses work that finds no place or no time.
     *
     * @throws LimbicException.Overloaded that says when to try again
     */
    void requireRoom(Lane<?, ?> lane, Claim claim, long now) {
        if (lane.backlog().rows() >= lane.policy().queueRows()
                && !lane.backlog().canDisplace(claim.urgency())) {
            throw new LimbicException.Overloaded(
                    "the queue of model " + lane.name() + " is full: "
                            + lane.policy().queueRows() + " requests wait",
                    retryNanos(lane, claim, now));
        }
        if (claim.deadlineNanos() == Ticket.NEVER) {
            return;
        }
        Prospect prospect = prospect(lane, claim, now);
        double need = mustLearn(lane, now) ? prospect.waitNanos() : prospect.doneNanos();
        double over = now + need - claim.finishByNanos(answeringNanos());
        if (over > 0) {
            throw new LimbicException.Overloaded(
                    "model " + lane.name() + " is too busy to answer in time: it would take about "
                            + Math.round(need / NANOS_PER_MILLI) + " ms of the "
                            + Math.round(claim.timeoutNanos() / NANOS_PER_MILLI) + " ms given",
                    Math.max(prospect.waitNanos(), over));
        }
    }

    /** When work that finds no place now may find one: when all is done that goes before it. */
    private double retryNanos(Lane<?, ?> lane, Claim claim, long now) {
        return prospect(lane, claim, now).waitNanos();
    }

    private Prospect prospect(Lane<?, ?> lane, Claim claim, long now) {
        double before = turnLeft(now);
        long turns = stepping ? 0 : 1; // in which steps go first
        for (Lane<?, ?> other : lanes.all()) {
            Amount ahead = other.backlog().before(claim.urgency());
            if (other != lane && ahead.rows() > 0) {
                long batches = ahead.fullBatches(other.policy()) + 1;
                before += other.pace().nanos(batches, (double) ahead.cost());
                turns += batches;
            }
        }
        Amount ahead = lane.backlog().before(claim.urgency());
        long full = ahead.fullBatches(lane.policy());
        before += lane.pace().nanos(full, ahead.fullCost(lane.policy()));
        if (steppers.haveWork()) {
            before += (turns + full) * steps.nanos(1, 1);
        }
        double rest = ahead.cost() - ahead.fullCost(lane.policy());
        double slower = 1 / Math.max(LEAST_LEFT, 1 - busyBefore(claim, now));
        double wait = before + (rest > 0 ? lane.pace().nanos(1, rest) : 0);
        return new Prospect(wait * slower, before * slower + ownBatch(lane, claim, rest));
    }

    /** Part of the device's time that went to higher priorities of late: while work waits, as much will come before it. */
    private double busyBefore(Claim claim, long now) {
        double busy = 0;
        for (Lane<?, ?> lane : lanes.all()) {
            busy += lane.backlog().shareBefore(claim.urgency(), now);
        }
        return busy;
    }

    /**
     * How long the batch will take in which work rides behind work of so much cost. Where more waits of late, the
     * batch will be larger: work that has too little time for it would force a small one, and all the others to wait for
     * that. But half of the time that work has is as much as a batch takes where everybody has as much: those who came when
     * the batch before it began must wait for that one, too.
     */
    private double ownBatch(Lane<?, ?> lane, Claim claim, double costBefore) {
        double usual =
                Math.min(lane.pace().nanos(1, lane.backlog().crowdCost(claim.urgency())), claim.timeoutNanos() / 2.0);
        return Math.max(lane.pace().mostNanos(costBefore + claim.cost()), usual);
    }

    /** Time until the device has its next turn; the longer a turn takes than was thought, the longer it may still take. */
    private double turnLeft(long now) {
        if (running == null && !stepping) {
            return 0;
        }
        double left = turnStartedNanos + turnNanos - now;
        return left >= 0 ? left : -left / 2;
    }

    /** For work whose deadline has passed. */
    List<Refusal> expired(List<Ticket<?, ?>> tickets) {
        return tickets.stream()
                .map(ticket -> new Refusal(ticket, BatchObserver.Drop.EXPIRED, expired()))
                .toList();
    }

    static LimbicException.Expired expired() {
        return new LimbicException.Expired("the deadline passed before the device was free");
    }

    /** For work that was accepted and whose time does not suffice any more. */
    List<Refusal> late(List<Ticket<?, ?>> tickets, long now) {
        return tickets.stream()
                .map(ticket -> new Refusal(
                        ticket,
                        BatchObserver.Drop.LATE,
                        new LimbicException.Overloaded(
                                "model " + ticket.laneName() + " could not answer in the time that was given",
                                retryNanos(ticket.lane(), ticket.claim(), now))))
                .toList();
    }

    /** For work that gave its place in a full queue to more urgent work. */
    Refusal displaced(Ticket<?, ?> ticket, long now) {
        return new Refusal(
                ticket,
                BatchObserver.Drop.DISPLACED,
                new LimbicException.Overloaded(
                        "the queue of model " + ticket.laneName() + " is full, and more urgent requests came",
                        retryNanos(ticket.lane(), ticket.claim(), now)));
    }
}
