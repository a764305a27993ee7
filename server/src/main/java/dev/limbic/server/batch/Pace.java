package dev.limbic.server.batch;

/**
 * How long the batches of a lane take, learnt from those that ran: a fixed part and a part per cost of its rows, by a Kalman filter
 * whose state drifts. Follows a machine that becomes slower or faster within some batches; a batch that took long by
 * chance moves it little. Not thread-safe: a warm-up may fill it, from then on it belongs to the batcher.
 */
public final class Pace {
    /** Variance of the times of equal batches, relative to their time. */
    private static final double NOISE = 0.01;

    /** By how much each part's variance grows from one batch to the next, relative to its square. */
    private static final double DRIFT = 0.0005;

    /** Of a batch's time, what either part is taken for at least when it drifts: one that is nothing may become something. */
    private static final double LEAST_PART = 0.05;

    /** What exceeds expectation by more deviations than this is chance. */
    private static final double MOST_DEVIATIONS = 3;

    /** Nothing is twice as fast as it can be by chance: that is believed at once. */
    private static final double TOO_FAST = -0.5;

    /** Of how far a batch was from expectation, how much is learnt. */
    private static final double SPREAD_GAIN = 0.1;

    /** Variance of an expectation above which a batch says nothing about how steady the machine is. */
    private static final double UNSURE = 0.04;

    private final double unit;
    private double fixedNanos;
    private double nanosPerUnit;
    private double fixedVariance;
    private double covariance;
    private double unitVariance;
    private double spread;
    private boolean known;

    /**
     * Nothing is known yet.
     *
     * @param unit cost is counted in so much, that both parts may be of about the same size
     */
    public Pace(double unit) {
        this.unit = unit;
    }

    /** Learns from a batch. */
    public void observed(long cost, long nanos) {
        double units = cost / unit;
        double scale = Math.max(1, known ? nanos(1, (double) cost) : nanos);
        if (!known) {
            known = true;
            fixedVariance = 4 * scale * scale;
            unitVariance = fixedVariance;
        }
        double fixed = Math.max(fixedNanos, LEAST_PART * scale);
        double perUnit = Math.max(nanosPerUnit, LEAST_PART * scale / units);
        fixedVariance += DRIFT * fixed * fixed;
        unitVariance += DRIFT * perUnit * perUnit;
        double fixedShare = (fixedVariance + covariance * units) / scale;
        double unitShare = (covariance + unitVariance * units) / scale;
        double variance = (fixedShare + unitShare * units) / scale;
        double error = (nanos - nanos(1, (double) cost)) / scale;
        if (variance < UNSURE) {
            spread += SPREAD_GAIN * (Math.min(1, Math.abs(error)) - spread);
            if (error < TOO_FAST) {
                rescale(nanos / scale);
                return;
            }
        }
        error = Math.min(error, 1 + MOST_DEVIATIONS * Math.sqrt(Math.max(0, variance)));
        double sum = variance + NOISE;
        fixedNanos = Math.max(0, fixedNanos + error * fixedShare / sum);
        nanosPerUnit = Math.max(0, nanosPerUnit + error * unitShare / sum);
        fixedVariance -= fixedShare * fixedShare / sum;
        covariance -= fixedShare * unitShare / sum;
        unitVariance -= unitShare * unitShare / sum;
    }

    private void rescale(double factor) {
        fixedNanos *= factor;
        nanosPerUnit *= factor;
        fixedVariance *= factor * factor;
        covariance *= factor * factor;
        unitVariance *= factor * factor;
    }

    /** Whether anything has been learnt. */
    boolean known() {
        return known;
    }

    /** Time that so many batches of together this cost take on average, in nanoseconds; 0 if nothing is known. */
    double nanos(long batches, double cost) {
        return fixedNanos * batches + nanosPerUnit * cost / unit;
    }

    /** Time that a batch hardly exceeds, in nanoseconds; 0 if nothing is known. */
    double mostNanos(double cost) {
        return nanos(1, cost) * (1 + 2 * spread);
    }
}
