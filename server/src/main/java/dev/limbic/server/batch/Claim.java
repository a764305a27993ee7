package dev.limbic.server.batch;

/**
 * What work asks of a device.
 *
 * @param cost its cost
 * @param submittedNanos when it came
 * @param deadlineNanos when its answer is worth nothing any more, {@link Ticket#NEVER} if it always is
 * @param urgency its place in the order
 */
record Claim(int cost, long submittedNanos, long deadlineNanos, Urgency urgency) {
    /** On its way to the client; a client that gives little time gives the way little too. */
    private static final long WIRE_NANOS = 2_000_000;

    private static final int WIRE_SHARE = 10;

    static Claim of(int cost, long patienceNanos, long timeoutNanos, long sequence, long now) {
        long deadline = timeoutNanos >= Ticket.NEVER - Math.max(0, now) ? Ticket.NEVER : now + timeoutNanos;
        long due = Math.min(deadline, now + patienceNanos);
        return new Claim(cost, now, deadline, new Urgency(patienceNanos, due, sequence));
    }

    /** Time that was given for the answer. */
    long timeoutNanos() {
        return deadlineNanos == Ticket.NEVER ? Ticket.NEVER : deadlineNanos - submittedNanos;
    }

    /** When its batch must have been computed, if answering takes so long after it. */
    long finishByNanos(long answeringNanos) {
        if (deadlineNanos == Ticket.NEVER) {
            return Ticket.NEVER;
        }
        return deadlineNanos - answeringNanos - Math.min(WIRE_NANOS, timeoutNanos() / WIRE_SHARE);
    }
}
