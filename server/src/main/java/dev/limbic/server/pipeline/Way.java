package dev.limbic.server.pipeline;

/**
 * How long answers wait for a network thread, and so about how long requests do before one reads them: the time that a
 * deadline loses on its way, which nobody sees while it passes. Little, unless the network's threads have more to do than
 * they can. Thread-safe; of two at a time one may be lost.
 */
final class Way {
    /** Of a longer way, how much is learnt. */
    private static final double UP = 1.0 / 4;

    /** Of a shorter one. */
    private static final double DOWN = 1.0 / 8;

    private volatile double nanos;

    /** An answer took so long from its thread to the network. */
    void took(long taken) {
        double known = nanos;
        nanos = known + (taken > known ? UP : DOWN) * (taken - known);
    }

    /** There and back. */
    long bothNanos() {
        return (long) (2 * nanos);
    }
}
