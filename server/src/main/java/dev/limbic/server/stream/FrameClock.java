package dev.limbic.server.stream;

/**
 * The time of a subject's frames: the client's clock where that increases, else that of their arrival. It always increases,
 * by at least a millisecond and at most an hour, whatever clients say. Not thread-safe.
 */
final class FrameClock {
    private static final double SHORTEST = 1e-3;
    private static final double LONGEST = 3600;

    private boolean begun;
    private long clientMicros;
    private long arrivedNanos;
    private double seconds;

    /** When a frame was made, in seconds since the first one. */
    double at(long clientMicrosNow, long arrivedNanosNow) {
        if (begun) {
            // in double, as a client's clock may run through all of long
            double step = clientMicrosNow > clientMicros
                    ? ((double) clientMicrosNow - clientMicros) * 1e-6
                    : (arrivedNanosNow - arrivedNanos) * 1e-9;
            seconds += Math.clamp(step, SHORTEST, LONGEST);
        }
        begun = true;
        clientMicros = clientMicrosNow;
        arrivedNanos = arrivedNanosNow;
        return seconds;
    }
}
