package dev.limbic.generate;

/**
 * How long a step takes, learnt from those that were: a fixed part, a part for each text that gains a token and a part
 * for each row of a prompt. Least squares, in which a step counts half as much after 44 others, and sooner where steps
 * surprise: a device that becomes slower or faster is believed soon, and one pause moves little. Belongs to one thread.
 */
final class StepTimes {
    private static final double FADING = 1 - 1.0 / 64;
    private static final double FADING_SURPRISED = 0.7;

    /** A step that took longer than so many times what was expected, or was so much shorter, is a surprise. */
    private static final double SURPRISE = 2;

    /** A step that took longer than so many times what was expected counts as if it had taken that. */
    private static final double MOST_SURPRISE = 4;

    /** Fewer steps say nothing: the first ones also load and compile. */
    private static final int LEAST_STEPS = 8;

    private static final int SWEEPS = 8;
    private static final int PARTS = 3;

    /**
     * What was learnt; everything takes no time before that.
     *
     * @param fixed nanoseconds of any step
     * @param perText nanoseconds for each text that gains a token
     * @param perRow nanoseconds for each row of a prompt
     */
    record Cost(double fixed, double perText, double perRow) {
        static final Cost UNKNOWN = new Cost(0, 0, 0);

        /** Nanoseconds of a step. */
        double step(int texts, int promptRows) {
            return fixed + perText * texts + perRow * promptRows;
        }

        /** Nanoseconds to the first token of a prompt that is computed alone. */
        double prompt(int promptRows, int chunkTokens) {
            return fixed * Math.ceilDiv(promptRows, chunkTokens) + perRow * promptRows;
        }
    }

    private final double[][] products = new double[PARTS][PARTS];
    private final double[] moments = new double[PARTS];
    private final double[] parts = new double[PARTS];
    private Cost cost = Cost.UNKNOWN;
    private int steps;

    Cost cost() {
        return steps < LEAST_STEPS ? Cost.UNKNOWN : cost;
    }

    /**
     * Learns from a step.
     *
     * @param texts that gained a token
     * @param promptRows rows of prompts
     * @param nanos what it took, from its planning to the next one's
     */
    void learn(int texts, int promptRows, long nanos) {
        double expected = cost.step(texts, promptRows);
        double took = expected > 0 ? Math.min((double) nanos, MOST_SURPRISE * expected) : nanos;
        if (took <= 0) {
            return;
        }
        boolean surprising = expected > 0 && (took > SURPRISE * expected || SURPRISE * took < expected);
        double fading = surprising ? FADING_SURPRISED : FADING;
        double[] row = {1, texts, promptRows};
        for (int i = 0; i < PARTS; i++) {
            for (int j = 0; j < PARTS; j++) {
                products[i][j] = fading * products[i][j] + row[i] * row[j];
            }
            moments[i] = fading * moments[i] + row[i] * took;
        }
        solve();
        steps = Math.min(steps + 1, LEAST_STEPS);
        cost = new Cost(parts[0], parts[1], parts[2]);
    }

    /** Some sweeps of Gauss and Seidel from the last solution on; no part becomes negative. */
    private void solve() {
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            for (int i = 0; i < PARTS; i++) {
                if (products[i][i] > 0) {
                    double rest = moments[i];
                    for (int j = 0; j < PARTS; j++) {
                        rest -= j == i ? 0 : products[i][j] * parts[j];
                    }
                    parts[i] = Math.max(0, rest / products[i][i]);
                }
            }
        }
    }
}
