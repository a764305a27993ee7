package dev.limbic.bench;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * Times kinds of work that one machine does turn by turn in the same run, so that what others do on it hits all of them.
 * Threads of one kind may go on spinning after their work, OpenMP's for milliseconds and ONNX Runtime's for tens of them; the
 * next must not pay for that, so each turn begins with a pause.
 */
final class Turns {
    private static final long WARM_NANOS = 1_500_000_000L;

    /** A turn takes at least so long: short work is done several times in it. */
    private static final double TURN_SECONDS = 0.02;

    private static final long SETTLE_MILLIS = 120;

    private Turns() {}

    /**
     * One kind of work.
     *
     * @param ready what must be done before a turn of it
     * @param seconds does it and tells how long it took
     */
    record Work(Runnable ready, DoubleSupplier seconds) {
        /** Work that needs nothing. */
        static Work of(DoubleSupplier seconds) {
            return new Work(() -> {}, seconds);
        }
    }

    /** Work whose time is that of the whole call. */
    static DoubleSupplier timed(Runnable work) {
        return () -> {
            long start = System.nanoTime();
            work.run();
            return (System.nanoTime() - start) / 1e9;
        };
    }

    /** Until the compiler has seen enough of it; seconds of the quickest run. */
    static double warm(Work work) {
        work.ready().run();
        settle(SETTLE_MILLIS);
        double least = work.seconds().getAsDouble();
        long end = System.nanoTime() + WARM_NANOS;
        while (System.nanoTime() < end) {
            least = Math.min(least, work.seconds().getAsDouble());
        }
        return least;
    }

    /** Warms all of it up, then gives the seconds of each that a quarter of its turns is quicker than. */
    static double[] measure(int rounds, List<Work> works) {
        int[] times = works.stream()
                .mapToInt(work -> (int) Math.clamp(TURN_SECONDS / warm(work), 1, 100))
                .toArray();
        double[][] seconds = new double[works.size()][rounds];
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < times.length; i++) {
                works.get(i).ready().run();
                settle(SETTLE_MILLIS);
                seconds[i][round] = least(works.get(i).seconds(), times[i]);
            }
        }
        return Arrays.stream(seconds).mapToDouble(Turns::quick).toArray();
    }

    /** Seconds of the quickest of some runs. */
    static double least(DoubleSupplier work, int times) {
        double least = Double.MAX_VALUE;
        for (int i = 0; i < times; i++) {
            least = Math.min(least, work.getAsDouble());
        }
        return least;
    }

    /** Waits until what others left spinning has stopped. */
    static void settle(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What a quarter of the rounds is quicker than: whoever else wants a core slows single rounds down, never up. */
    private static double quick(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 4];
    }
}
