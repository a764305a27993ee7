package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.List;

/**
 * The queue of one model on a device: work of a lane may share a batch, work of different lanes may not. Thread-safe;
 * what is not public is guarded by the batcher's lock.
 *
 * @param <P> payload
 * @param <R> result
 */
public final class Lane<P, R> {
    private final MicroBatcher batcher;
    private final String name;
    private final Work<P, R> work;
    private final BatchPolicy policy;
    private final Pace pace;
    private final Backlog<P, R> backlog = new Backlog<>();
    private long ranNanos;

    /** @param now when nothing has run yet */
    Lane(MicroBatcher batcher, String name, Work<P, R> work, BatchPolicy policy, Pace pace, long now) {
        this.batcher = batcher;
        this.name = name;
        this.work = work;
        this.policy = policy;
        this.pace = pace;
        this.ranNanos = now - Forecast.TRUST_NANOS;
    }

    /** Name of the lane, such as the model's. */
    public String name() {
        return name;
    }

    /**
     * Hands work to the device. Returns at once; the completion is called later, from another thread. Accepted work may
     * still be answered {@link LimbicException.Overloaded}, if more urgent work comes and time or room lacks for both.
     *
     * @param payload what {@link Work#run} receives
     * @param cost its cost in the lane's unit, at least 1
     * @param patienceNanos the less, the higher its priority; among work of one priority the order is that of submission,
     *     or of deadlines that are nearer than this
     * @param timeoutNanos time from now after which the answer is worth nothing, {@link Long#MAX_VALUE} for none
     * @throws LimbicException.Overloaded if the lane's queue is full, or the answer would come too late
     * @throws LimbicException.Expired if the timeout is not positive
     * @throws LimbicException.Unavailable if the batcher is stopping
     */
    public Ticket<P, R> submit(P payload, int cost, long patienceNanos, long timeoutNanos, Completion<R> completion) {
        return batcher.submit(this, payload, cost, patienceNanos, timeoutNanos, completion);
    }

    /**
     * Looks whether work of about this cost would be accepted, before more is done for it. Changes nothing.
     *
     * @throws LimbicException as {@link #submit} does
     */
    public void requireRoom(int cost, long patienceNanos, long timeoutNanos) {
        batcher.requireRoom(this, cost, patienceNanos, timeoutNanos);
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

    Backlog<P, R> backlog() {
        return backlog;
    }

    BatchPolicy policy() {
        return policy;
    }

    Pace pace() {
        return pace;
    }

    /** When a batch last ended. */
    long ranNanos() {
        return ranNanos;
    }

    /** A batch has ended; its time is {@link Batch#FAILED} if the work did. */
    void ran(int cost, long computeNanos, long now) {
        if (computeNanos != Batch.FAILED) {
            pace.observed(cost, computeNanos);
        }
        ranNanos = now;
    }

    /** Whether what waits fills a batch, so that waiting longer gains nothing. */
    private boolean fillsBatch() {
        return backlog.rows() >= policy.maxRows()
                || backlog.tickets().mapToLong(Ticket::cost).sum() >= policy.maxCost();
    }

    /** How long the lane's batch may still gather, in nanoseconds; the lane must not be empty. */
    long delayLeft(long now) {
        long delay = policy.maxDelay().toNanos();
        return delay == 0 || fillsBatch() ? 0 : latestStartNanos(delay) - now;
    }

    /** Instant at which a batch must start that may gather for {@code delayNanos}; the lane must not be empty. */
    private long latestStartNanos(long delayNanos) {
        return backlog.tickets()
                .mapToLong(ticket -> ticket.latestStartNanos(delayNanos))
                .min()
                .orElseThrow();
    }

    /**
     * Removes the most urgent work within the bounds and the time that its riders have.
     *
     * @param overdueFirst whether what is due first rides first, whatever its priority
     * @param late receives what is removed because its answer would come too late
     * @return perhaps without a rider, if all were late
     */
    Batch<P, R> takeBatch(long now, long answeringNanos, boolean overdueFirst, List<Ticket<?, ?>> late) {
        backlog.noteCrowd(policy);
        List<Ticket<P, R>> order = new ArrayList<>(backlog.rows());
        Ticket<P, R> overdue = overdueFirst ? backlog.firstDue() : null;
        if (overdue != null) {
            order.add(overdue);
        }
        backlog.tickets().filter(ticket -> ticket != overdue).forEach(order::add);
        Riders<P, R> riders = Riders.choose(order, policy, pace, now, answeringNanos);
        double nanosPerCost = pace.nanos(1, riders.cost()) / Math.max(1, riders.cost());
        riders.tickets().forEach(ticket -> backlog.board(ticket, nanosPerCost * ticket.cost(), now));
        riders.late().forEach(backlog::remove);
        late.addAll(riders.late());
        return new Batch<>(this, riders.tickets(), riders.cost(), now);
    }

    Work<P, R> work() {
        return work;
    }
}
