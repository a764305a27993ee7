package dev.limbic.server.batch;

import java.util.concurrent.locks.LockSupport;

/** How a single thread waits for work that others announce: it looks for a while before it parks. */
final class Doorbell {
    /** Parking and waking costs several times as much; with one or two processors the others need this one. */
    private static final long SPIN_NANOS = Runtime.getRuntime().availableProcessors() > 2 ? 20_000 : 0;

    private final Thread owner;

    /** Changes with every ring, so that a spinning owner sees it without a lock. */
    private volatile long rings;

    private volatile boolean parked;

    Doorbell(Thread owner) {
        this.owner = owner;
    }

    /** To be read before the owner looks for work. */
    long rings() {
        return rings;
    }

    /** Announces something; callers exclude each other. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    void ring() {
        rings++;
    }

    /** Wakes the owner after a {@link #ring}; outside locks that it would take next. */
    void wake() {
        if (parked) {
            LockSupport.unpark(owner);
        }
    }

    /**
     * Waits, on the owner, until somebody rings.
     *
     * @param seen rings before the owner looked for work and found none
     * @param nanos at most this long, {@link Long#MAX_VALUE} for ever; may end early
     */
    void await(long seen, long nanos) {
        if (SPIN_NANOS > 0) {
            long start = System.nanoTime();
            while (System.nanoTime() - start < SPIN_NANOS) {
                if (rings != seen) {
                    return;
                }
                Thread.onSpinWait();
            }
        }
        parked = true;
        if (rings == seen) {
            if (nanos == Long.MAX_VALUE) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, nanos);
            }
        }
        parked = false;
    }
}
