package dev.limbic.server.batch;

/**
 * One piece of work in a lane. Immutable; whether it still waits is known to the lane.
 *
 * @param <P> payload
 * @param <R> result
 */
public final class Ticket<P, R> implements Comparable<Ticket<?, ?>> {
    static final long NEVER = Long.MAX_VALUE;

    private final Lane<P, R> lane;
    private final long sequence;
    private final long submittedNanos;
    private final long deadlineNanos;
    private final long dueNanos;
    private final P payload;
    private final int tokens;
    private final Completion<R> completion;

    Ticket(
            Lane<P, R> lane,
            long sequence,
            long submittedNanos,
            long deadlineNanos,
            long patienceNanos,
            P payload,
            int tokens,
            Completion<R> completion) {
        this.lane = lane;
        this.sequence = sequence;
        this.submittedNanos = submittedNanos;
        this.deadlineNanos = deadlineNanos;
        this.dueNanos = Math.min(deadlineNanos, submittedNanos + patienceNanos);
        this.payload = payload;
        this.tokens = tokens;
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

    String laneName() {
        return lane.name();
    }

    P payload() {
        return payload;
    }

    int tokens() {
        return tokens;
    }

    Completion<R> completion() {
        return completion;
    }

    long submittedNanos() {
        return submittedNanos;
    }

    boolean expiredAt(long nanos) {
        return deadlineNanos <= nanos;
    }

    boolean dueAt(long nanos) {
        return dueNanos <= nanos;
    }

    /** When it must start at the latest in a batch that may gather for a while: soon, if it is due soon. */
    long latestStartNanos(long delayNanos) {
        long halfOfPatience = submittedNanos + (dueNanos - submittedNanos) / 2;
        return Math.min(submittedNanos + delayNanos, halfOfPatience);
    }

    /** Most urgent first: by due time, then by order of submission. */
    @Override
    public int compareTo(Ticket<?, ?> other) {
        int byDue = Long.compare(dueNanos, other.dueNanos);
        return byDue != 0 ? byDue : Long.compare(sequence, other.sequence);
    }

    /** Tickets are equal only to themselves; the sequence number is unique. */
    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(sequence);
    }
}
