package dev.limbic.server.batch;

/** Hears what a batcher does, for telemetry. Called on the threads that work; must be quick and must not throw. */
public interface BatchObserver {
    /** Why work never reached the device. */
    enum Drop {
        EXPIRED,
        CANCELLED,
        /** Its answer would have come too late. */
        LATE,
        /** The queue was full, and more urgent work came. */
        DISPLACED
    }

    /** A batch went through the device. */
    void ran(String lane, int rows, int cost, long computeNanos);

    /** A row of a batch had waited this long when the batch was assembled. */
    void waited(String lane, long queueNanos);

    /** A row was dropped before the device was used. */
    void dropped(String lane, Drop reason);

    /** A batch failed; its rows have been told. */
    void failed(String lane, int rows, Throwable cause);

    /** An observer that looks away. */
    BatchObserver NONE = new BatchObserver() {
        @Override
        public void ran(String lane, int rows, int cost, long computeNanos) {}

        @Override
        public void waited(String lane, long queueNanos) {}

        @Override
        public void dropped(String lane, Drop reason) {}

        @Override
        public void failed(String lane, int rows, Throwable cause) {}
    };
}
