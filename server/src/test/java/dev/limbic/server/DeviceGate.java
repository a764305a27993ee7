package dev.limbic.server;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Holds the work of a fake model on its device until a test lets it go on. Thread-safe. */
final class DeviceGate {
    /** More than any test holds. */
    private static final int ALL = 100_000;

    private final Semaphore arrivals = new Semaphore(0);
    private final Semaphore gate = new Semaphore(0);
    private volatile boolean holds;

    /** From now on what comes waits. */
    void hold() {
        holds = true;
    }

    /** Waits until something has reached the device and is held there. */
    void awaitHeld() throws InterruptedException {
        if (!arrivals.tryAcquire(20, TimeUnit.SECONDS)) {
            throw new AssertionError("nothing reached the device in 20 s");
        }
    }

    /** Lets this many through. */
    void letThrough(int count) {
        gate.release(count);
    }

    /** Lets all that is held and all that comes later through. */
    void stopHolding() {
        holds = false;
        gate.release(ALL);
    }

    /** Called on the device. */
    void pass() {
        if (holds) {
            arrivals.release();
            gate.acquireUninterruptibly();
        }
    }
}
