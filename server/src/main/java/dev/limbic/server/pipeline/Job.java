package dev.limbic.server.pipeline;

import dev.limbic.domain.Input;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Prepared;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.Completion;
import dev.limbic.server.batch.Ride;
import dev.limbic.server.batch.Ticket;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One input on its way: prepared, queued, computed, interpreted; see {@link dev.limbic.model.Model} for the types. The
 * most urgent is the least. Cancelling is possible at any time; what happens after it is thrown away.
 */
final class Job<I extends Input, P extends Prepared, R, A> implements Pending, Completion<R>, WorkerTask {
    private final ServedModel<I, P, R, A> served;
    private final Request<I> request;
    private final Way way;
    private final Receiver<A> receiver;
    private final long arrivedNanos = System.nanoTime();
    private long preparingNanos;
    private long preparedNanos;
    private @Nullable P prepared;

    private @Nullable Ticket<P, R> ticket;
    private boolean cancelled;
    private boolean failed;

    Job(ServedModel<I, P, R, A> served, Request<I> request, Way way, Receiver<A> receiver) {
        this.served = served;
        this.request = request;
        this.way = way;
        this.receiver = receiver;
    }

    /**
     * Prepares and queues the input on the calling thread.
     *
     * @throws LimbicException if it cannot be accepted
     */
    void start() {
        if (isCancelled()) {
            return;
        }
        preparingNanos = System.nanoTime();
        if (timeLeft(preparingNanos) <= 0) {
            served.lane().dropped(BatchObserver.Drop.EXPIRED);
            throw new LimbicException.Expired("the deadline passed before the input was read");
        }
        requireRoom();
        P ready = prepare();
        preparedNanos = System.nanoTime();
        synchronized (this) {
            if (!cancelled) {
                prepared = ready;
                long patience = request.priority().patience().toNanos();
                ticket = served.lane().submit(ready, ready.cost(), patience, timeToAnswer(preparedNanos), this);
            }
        }
    }

    /**
     * Asks whether an input of about this cost would be accepted, which is cheaper than to find out its cost.
     *
     * @throws LimbicException if it would not
     */
    void requireRoom() {
        int cost = served.model().expectedCost(request.input());
        long patience = request.priority().patience().toNanos();
        served.lane().requireRoom(cost, patience, timeToAnswer(System.nanoTime()));
    }

    /**
     * Time that is left until the answer must be handed to the network.
     *
     * @throws LimbicException.Overloaded if the way alone takes longer
     */
    private long timeToAnswer(long now) {
        long left = timeLeft(now);
        long lost = way.bothNanos();
        if (left == Long.MAX_VALUE || left <= 0) {
            return left;
        }
        if (left <= lost) {
            throw new LimbicException.Overloaded(
                    "the network's threads are too busy to answer in time", Duration.ofNanos(lost));
        }
        return left - lost;
    }

    private long timeLeft(long now) {
        long timeout = request.timeoutNanos();
        return timeout == Long.MAX_VALUE ? timeout : timeout - (now - arrivedNanos);
    }

    private P prepare() {
        try {
            return served.model().prepare(request.input());
        } catch (RuntimeException e) {
            throw asLimbic(e, "the input could not be prepared");
        }
    }

    /** {@link #start} on a worker. */
    @Override
    public void run() {
        try {
            start();
        } catch (Throwable e) {
            synchronized (this) {
                failed = true;
                if (cancelled) {
                    return;
                }
            }
            receiver.failed(asLimbic(e, "the request could not be started"));
        }
    }

    private synchronized boolean isCancelled() {
        return cancelled;
    }

    @Override
    public boolean cancel() {
        synchronized (this) {
            if (ticket != null) {
                return ticket.cancel();
            }
            if (failed || cancelled) {
                return false;
            }
            cancelled = true;
        }
        served.lane().dropped(BatchObserver.Drop.CANCELLED);
        return true;
    }

    @Override
    public void done(R result, Ride ride) {
        A value;
        try {
            value = served.model().interpret(result);
        } catch (RuntimeException e) {
            failed(asLimbic(e, "the result could not be interpreted"));
            return;
        }
        P ready = Objects.requireNonNull(prepared);
        Answer.Timing timing = new Answer.Timing(
                ride.rows(),
                ride.cost(),
                preparedNanos - preparingNanos,
                preparingNanos - arrivedNanos + ride.queueNanos(),
                ride.computeNanos(),
                System.nanoTime() - arrivedNanos);
        receiver.answered(
                new Answer<>(served.name(), value, ready.cost(), served.kind().unit(), ready.truncated(), timing));
    }

    @Override
    public void failed(LimbicException failure) {
        receiver.failed(failure);
    }

    private static LimbicException asLimbic(Throwable e, String what) {
        return e instanceof LimbicException known ? known : new LimbicException.Internal(what, e);
    }

    @Override
    public long dueNanos() {
        long patience = request.priority().patience().toNanos();
        return arrivedNanos + Math.min(patience, request.timeoutNanos());
    }
}
