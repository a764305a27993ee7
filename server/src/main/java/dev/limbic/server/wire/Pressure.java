package dev.limbic.server.wire;

import io.grpc.Status;
import java.util.function.LongSupplier;

/** Whether requests were refused a moment ago because more was asked for than can be done. Thread-safe. */
final class Pressure implements WireObserver {
    private static final long MOMENT_NANOS = 20_000_000;
    private static final String REFUSED = Status.Code.RESOURCE_EXHAUSTED.name();

    private final WireObserver next;
    private final LongSupplier clock;
    private volatile long refusedNanos;

    /**
     * @param next hears the same
     * @param clock in nanoseconds, as {@link System#nanoTime}
     */
    Pressure(WireObserver next, LongSupplier clock) {
        this.next = next;
        this.clock = clock;
        this.refusedNanos = clock.getAsLong() - MOMENT_NANOS;
    }

    boolean isHigh() {
        return clock.getAsLong() - refusedNanos < MOMENT_NANOS;
    }

    @Override
    public void answered(String method, String model, String status, long nanos) {
        if (REFUSED.equals(status)) {
            refusedNanos = clock.getAsLong();
        }
        next.answered(method, model, status, nanos);
    }

    @Override
    public void streamOpened() {
        next.streamOpened();
    }

    @Override
    public void streamClosed() {
        next.streamClosed();
    }

    @Override
    public void defect(String method, Throwable cause) {
        next.defect(method, cause);
    }
}
