package dev.limbic.server.stream;

/**
 * Lets so many a second through, in the long run. Each that is let through is due one interval after the one before was due,
 * and may come early: by half an interval, as those of a camera that is just fast enough do, or by a quarter of a second, as
 * those do that a network held up and brings at once, of which the last is wanted most. What is earlier is turned away. There
 * is no timer: who is turned away does not wait for its turn (a generic cell rate algorithm, ITU-T I.371). Not thread-safe.
 */
final class RateGate {
    private static final double SECOND_NANOS = 1e9;
    private static final double LONGEST_NANOS = 86_400e9;

    private static final long HELD_UP_NANOS = 250_000_000;

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
        if (early > Math.max(intervalNanos / 2, HELD_UP_NANOS)) {
            return false;
        }
        dueNanos = nowNanos + Math.max(0, early) + intervalNanos;
        begun = true;
        return true;
    }
}
