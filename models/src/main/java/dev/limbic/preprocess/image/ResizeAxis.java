package dev.limbic.preprocess.image;

/**
 * Which samples of a row or column a sample of the result is made of, and with what weights in 22 bits of fraction: what
 * Pillow's Resample.c computes for the same sizes. Weights of a sample are at {@code taps} times its index; arrays may be
 * longer. Owned by one thread, which fills it anew for each picture.
 */
final class ResizeAxis {
    static final int BITS = 22;

    int[] starts = {};
    int[] counts = {};
    int[] weights = {};
    int taps;
    private double[] exact = {};

    /**
     * @param in samples there are
     * @param out samples of the whole result
     * @param from the first that is wanted
     * @param length how many are wanted
     */
    void fill(int in, int out, int from, int length, ResizeFilter filter) {
        double scale = (double) in / out;
        double stretch = Math.max(1, scale);
        double support = filter.support * stretch;
        taps = 2 * (int) Math.ceil(support) + 1;
        if (starts.length < length) {
            starts = new int[length];
            counts = new int[length];
        }
        if (weights.length < length * taps) {
            weights = new int[length * taps];
        }
        if (exact.length < taps) {
            exact = new double[taps];
        }
        for (int i = 0; i < length; i++) {
            double centre = (from + i + 0.5) * scale;
            int start = Math.max(0, (int) (centre - support + 0.5));
            int count = Math.min(in, (int) (centre + support + 0.5)) - start;
            double sum = 0;
            for (int k = 0; k < count; k++) {
                double weight = filter.weight((k + start - centre + 0.5) * (1 / stretch));
                exact[k] = weight;
                sum += weight;
            }
            for (int k = 0; k < count; k++) {
                double weight = (sum == 0 ? exact[k] : exact[k] / sum) * (1 << BITS);
                weights[i * taps + k] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
            }
            starts[i] = start;
            counts[i] = count;
        }
    }

    /** The first sample that the result is made of. */
    int first() {
        return starts[0];
    }

    /** One past the last sample that the first {@code length} of the result are made of. */
    int end(int length) {
        return starts[length - 1] + counts[length - 1];
    }
}
