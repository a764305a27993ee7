package dev.limbic.server.security;

import java.util.function.LongSupplier;

/**
 * The bucket of that name: it fills at a steady rate up to what flows in within a second, and starts full. Taking needs
 * one that is there; charging may leave the bucket in debt, which the inflow pays first. Thread-safe.
 */
public final class TokenBucket {
    /** What flows in per nanosecond at a rate of one per second is the unit, so that nothing is ever rounded. */
    private static final long ONE = 1_000_000_000;

    private final LongSupplier nanoTime;
    private int perSecond;
    private long content;
    private long filledNanos;

    /**
     * A full bucket.
     *
     * @param perSecond inflow, positive
     * @param nanoTime the clock, as {@link System#nanoTime}
     */
    public TokenBucket(int perSecond, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.perSecond = perSecond;
        this.content = perSecond * ONE;
        this.filledNanos = nanoTime.getAsLong();
    }

    /** From now on fills at another rate; what is there stays, as far as it fits, and so does a debt. */
    synchronized void rate(int newPerSecond) {
        fill();
        perSecond = newPerSecond;
        content = Math.min(content, perSecond * ONE);
    }

    /**
     * Takes one.
     *
     * @return 0 if it was there, else nanoseconds until it will be
     */
    public synchronized long take() {
        fill();
        if (content < ONE) {
            return nanosUntil(ONE);
        }
        content -= ONE;
        return 0;
    }

    /** 0 if there is anything in it, else nanoseconds until there will be. */
    synchronized long nanosUntilSolvent() {
        fill();
        return content > 0 ? 0 : nanosUntil(1);
    }

    /** Takes what was used, whether it is there or not. */
    synchronized void charge(int amount) {
        fill();
        content -= amount * ONE;
    }

    private void fill() {
        long now = nanoTime.getAsLong();
        long room = perSecond * ONE - content;
        long elapsed = now - filledNanos;
        content += elapsed > room / perSecond ? room : elapsed * perSecond;
        filledNanos = now;
    }

    private long nanosUntil(long wanted) {
        return Math.ceilDiv(wanted - content, perSecond);
    }
}
