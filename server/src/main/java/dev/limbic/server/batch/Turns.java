package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who may wait for a device, and what it does next. Guarded by the batcher's lock. */
final class Turns {
    private final Lanes lanes = new Lanes();
    private final Steppers steppers;
    private final Forecast forecast;
    private boolean batchWasLast;

    Turns(Steppers steppers) {
        this.steppers = steppers;
        this.forecast = new Forecast(lanes, steppers);
    }

    /**
     * The device's next turn.
     *
     * @param batch to be run, if there is one
     * @param step whether it is a step of the steppers
     * @param waitNanos if it is neither: how long a batch may still gather
     * @param refusals what will not be done
     */
    record Turn(@Nullable Batch<?, ?> batch, boolean step, long waitNanos, List<Refusal> refusals) {
        /** Whether there is nothing to do now. */
        boolean isNone() {
            return batch == null && !step;
        }
    }

    Lanes lanes() {
        return lanes;
    }

    Forecast forecast() {
        return forecast;
    }

    /**
     * Looks whether work finds a place and, if it has a deadline, time.
     *
     * @throws LimbicException.Overloaded if it does not
     */
    <P, R> Claim requireRoom(Lane<P, R> lane, int cost, long patienceNanos, long timeoutNanos, long now) {
        Claim claim = Claim.of(cost, patienceNanos, timeoutNanos, lanes.nextSequence(), now);
        forecast.requireRoom(lane, claim, now);
        return claim;
    }

    /**
     * Queues work.
     *
     * @return the work that lost its place to it, if any
     * @throws LimbicException.Overloaded if it finds no place or no time
     */
    <P, R> List<Refusal> add(Ticket<P, R> ticket, long now) {
        Backlog<P, R> backlog = ticket.lane().backlog();
        List<Refusal> displaced = List.of();
        if (backlog.rows() >= ticket.lane().policy().queueRows()) {
            Ticket<P, R> gone = backlog.displace(ticket.urgency());
            displaced = gone == null ? List.of() : List.of(forecast.displaced(gone, now));
        }
        backlog.add(ticket);
        return displaced;
    }

    /**
     * Ends the last turn and begins the next.
     *
     * @param hurrying whether no batch may wait to fill
     * @param stepping whether steps may still be done
     */
    Turn next(long now, boolean hurrying, boolean stepping) {
        forecast.turnEnded(now);
        List<Refusal> refusals = new ArrayList<>(forecast.expired(lanes.takeExpired(now)));
        Batch<?, ?> batch = null;
        long waitNanos = Long.MAX_VALUE;
        boolean steps = stepping && steppers.haveWork();
        Lanes.Pick pick = lanes.pick(now);
        if (pick != null && !(steps && batchWasLast)) {
            waitNanos = hurrying ? 0 : pick.lane().delayLeft(now);
            if (waitNanos <= 0) {
                batch = assemble(pick, now, refusals);
            }
        }
        batchWasLast = batch != null;
        boolean step = batch == null && steps;
        if (step) {
            forecast.stepBegins(now);
        }
        return new Turn(batch, step, waitNanos, refusals);
    }

    /** Null if all that waited in the lane would be late. */
    private @Nullable Batch<?, ?> assemble(Lanes.Pick pick, long now, List<Refusal> refusals) {
        List<Ticket<?, ?>> late = new ArrayList<>();
        Batch<?, ?> batch = lanes.takeBatch(pick, now, forecast.answeringNanos(), late);
        refusals.addAll(forecast.late(late, now));
        if (batch.tickets().isEmpty()) {
            return null;
        }
        forecast.begins(batch);
        return batch;
    }
}
