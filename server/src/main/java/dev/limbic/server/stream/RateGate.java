package dev.limbic.server.stream;

/**
 * Lets so many a second through. Each that is let through is due one interval after the one before was due; it may come
 * half an interval early, as those of a camera that is just fast enough do, and what is not due is turned away. There is
 * no timer: who is turned away does not wait for its turn (a generic cell rate algorithm, ITU-T I.371). Not thread-safe.
 */
final class RateGate {
    private static final double SECOND_NANOS = 1e9;
    private static final double LONGEST_NANOS = 86_400e9;

    private final long intervalNanos;
    private long dueNanos;
    private boolean begun;

    /** @param perSecond above 0 */
    RateGate(double perSecond) {
        intervalNanos = (long) Math.min(LONGEST_NANOS, SECOND_NANOS / perSecond);
    }

    /** Whether one that comes now is let through. */
    boolean admits(long nowNanos) {
        long early = begun ? dueNanos - nowNanos : 0;
        if (early > intervalNanos / 2) {
            return false;
        }
        dueNanos = nowNanos + Math.max(0, early) + intervalNanos;
        begun = true;
        return true;
    }
}
