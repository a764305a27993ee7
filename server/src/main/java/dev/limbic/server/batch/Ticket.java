package dev.limbic.server.batch;

/**
 * One piece of work in a lane. Immutable; whether it still waits is known to the lane.
 *
 * @param <P> payload
 * @param <R> result
 */
public final class Ticket<P, R> {
    static final long NEVER = Long.MAX_VALUE;

    private final Lane<P, R> lane;
    private final Claim claim;
    private final boolean trusting;
    private final P payload;
    private final Completion<R> completion;

    /** @param trusting whether it goes although no estimate says that it will be in time */
    Ticket(Lane<P, R> lane, Claim claim, boolean trusting, P payload, Completion<R> completion) {
        this.lane = lane;
        this.claim = claim;
        this.trusting = trusting;
        this.payload = payload;
        this.completion = completion;
    }

    /**
     * Withdraws the work. May be called from any thread, any number of times.
     *
     * @return true if the work still waited: it will not run and its completion will not be called; false if it is too
     *     late, and the completion was or will be called
     */
    public boolean cancel() {
        return lane.withdraw(this);
    }

    Lane<P, R> lane() {
        return lane;
    }

    Claim claim() {
        return claim;
    }

    String laneName() {
        return lane.name();
    }

    P payload() {
        return payload;
    }

    int cost() {
        return claim.cost();
    }

    Completion<R> completion() {
        return completion;
    }

    Urgency urgency() {
        return claim.urgency();
    }

    long submittedNanos() {
        return claim.submittedNanos();
    }

    boolean expiredAt(long nanos) {
        return claim.deadlineNanos() <= nanos;
    }

    /** When its batch must have been computed for its answer to be in time. */
    long finishByNanos(long answeringNanos) {
        return trusting ? NEVER : claim.finishByNanos(answeringNanos);
    }

    /** When it must start at the latest in a batch that may gather for a while: soon, if it is due soon. */
    long latestStartNanos(long delayNanos) {
        long halfOfPatience = submittedNanos() + (urgency().dueNanos() - submittedNanos()) / 2;
        return Math.min(submittedNanos() + delayNanos, halfOfPatience);
    }
}
