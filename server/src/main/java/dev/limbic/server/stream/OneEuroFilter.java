package dev.limbic.server.stream;

import org.jspecify.annotations.Nullable;

/**
 * Takes the trembling out of logits and stays close behind them when they move: a low-pass filter of first order whose
 * cutoff grows with speed, {@code minCutoff + beta·speed} (the one-euro filter of Casiez, Roussel and Vogel, CHI 2012).
 *
 * <p>All logits have one cutoff, that of the fastest: what is said of a face then goes straight from one emotion to the
 * next, and no label that changes little lags behind the one that rises. Not thread-safe.
 */
final class OneEuroFilter {
    /** Cutoff of the speed, in Hz, as in the paper. */
    private static final double SPEED_CUTOFF = 1;

    private final FrameRules.Smoothing smoothing;
    private double seconds;

    /** Smoothed logits, and how fast they change per second, [L] both; empty before the first. */
    private double[] smoothed = new double[0];

    private double[] speed = new double[0];

    OneEuroFilter(FrameRules.Smoothing smoothing) {
        this.smoothing = smoothing;
    }

    /**
     * The next logits; the first are returned as they are. Logits that are infinite, or more or fewer than before, are
     * returned as they are, too, and the filter begins anew after them.
     *
     * @param logits [L], not changed
     * @param nowSeconds when they were true; more than at the call before
     * @return [L]
     */
    float[] next(float[] logits, double nowSeconds) {
        double[] raw = finite(logits);
        if (raw == null || raw.length != smoothed.length) {
            smoothed = raw == null ? new double[0] : raw;
            speed = new double[smoothed.length];
            seconds = nowSeconds;
            return logits.clone();
        }
        double elapsed = nowSeconds - seconds;
        seconds = nowSeconds;
        double fastest = 0;
        double share = share(SPEED_CUTOFF, elapsed);
        for (int i = 0; i < raw.length; i++) {
            speed[i] += share * ((raw[i] - smoothed[i]) / elapsed - speed[i]);
            fastest = Math.max(fastest, Math.abs(speed[i]));
        }
        share = share(smoothing.minCutoff() + smoothing.beta() * fastest, elapsed);
        float[] result = new float[raw.length];
        for (int i = 0; i < raw.length; i++) {
            smoothed[i] += share * (raw[i] - smoothed[i]);
            result[i] = (float) smoothed[i];
        }
        return result;
    }

    /** What share of a new value goes into the smoothed one. */
    private static double share(double cutoff, double elapsed) {
        return 1 / (1 + 1 / (2 * Math.PI * cutoff * elapsed));
    }

    private static double @Nullable [] finite(float[] logits) {
        double[] raw = new double[logits.length];
        for (int i = 0; i < raw.length; i++) {
            if (!Float.isFinite(logits[i])) {
                return null;
            }
            raw[i] = logits[i];
        }
        return raw;
    }
}
