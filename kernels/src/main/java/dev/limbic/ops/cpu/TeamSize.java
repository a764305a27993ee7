package dev.limbic.ops.cpu;

/**
 * How many threads of a team take part in a batch: all, or one fewer where other threads (of the network, of a game beside it)
 * want the cores. All wait for the slowest, so that a team which gets hardly more cores than one thread fewer would get is
 * slower than that, and takes cores from those that bring its work.
 *
 * <p>After some time with one fewer it is all again, for as long as it takes to see what they get: a single batch does not
 * show it, because who was pushed aside comes back only later. The time is short at first, for what passes soon, such as the
 * JVM's compilers at work, and grows where the cores stay taken. Not thread-safe.
 */
final class TeamSize {
    /** Of a core more than one thread fewer can use; with less it becomes one fewer. */
    private static final double TOO_LITTLE = 0.3;

    /** Time in batches after which what the team got has faded to the e-th part. */
    private static final double MEMORY_NANOS = 150e6;

    /** A batch counts for at most so much: something that happens once may hold up a long one. */
    private static final long MOST_NANOS = 15_000_000;

    /** With one fewer for so long; each time twice as long as before if it was all for less than {@link #GOOD_NANOS}. */
    private static final long SHORTEST_NANOS = 100_000_000;

    private static final long LONGEST_NANOS = 3_000_000_000L;

    private static final long GOOD_NANOS = 1_000_000_000;

    private final int most;
    private boolean fewer;
    private long fewerNanos = SHORTEST_NANOS;

    /** When it last became one fewer, or all; it begins as if it had been all for long. */
    private long since = System.nanoTime() - 2 * GOOD_NANOS;

    private double cores;

    TeamSize(int most) {
        if (most < 1) {
            throw new IllegalArgumentException("at least one thread expected, found " + most);
        }
        this.most = most;
        this.cores = most;
    }

    /** Threads of a batch at the most. */
    int most() {
        return most;
    }

    /** Threads of the batch that begins. */
    int next(long now) {
        if (fewer && now - since >= fewerNanos) {
            fewer = false;
            since = now;
            cores = most;
        }
        return fewer ? most - 1 : most;
    }

    /** All have run a batch for {@code wallNanos} and were on a core for {@code cpuNanos} together. */
    void ran(long wallNanos, long cpuNanos, long now) {
        if (most == 1 || wallNanos <= 0) {
            return;
        }
        cores += -Math.expm1(-Math.min(wallNanos, MOST_NANOS) / MEMORY_NANOS) * (cpuNanos / (double) wallNanos - cores);
        if (!fewer && cores < most - 1 + TOO_LITTLE) {
            fewer = true;
            fewerNanos = now - since > GOOD_NANOS ? SHORTEST_NANOS : Math.min(2 * fewerNanos, LONGEST_NANOS);
            since = now;
        }
    }
}
