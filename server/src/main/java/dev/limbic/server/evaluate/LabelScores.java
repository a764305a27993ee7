package dev.limbic.server.evaluate;

import java.util.BitSet;
import java.util.List;

/** Counts of a multi-label task, label by label. Scores without any example are 0, as scikit-learn's zero_division=0. */
public final class LabelScores {
    private final List<String> labels;
    private final int[] hit;
    private final int[] invented;
    private final int[] missed;

    public LabelScores(List<String> labels) {
        this.labels = List.copyOf(labels);
        hit = new int[labels.size()];
        invented = new int[labels.size()];
        missed = new int[labels.size()];
    }

    /** Counts one example. */
    public void add(BitSet gold, BitSet predicted) {
        for (int l = 0; l < labels.size(); l++) {
            if (gold.get(l) && predicted.get(l)) {
                hit[l]++;
            } else if (predicted.get(l)) {
                invented[l]++;
            } else if (gold.get(l)) {
                missed[l]++;
            }
        }
    }

    public List<String> labels() {
        return labels;
    }

    /** Number of examples that carry the label. */
    public int support(int label) {
        return hit[label] + missed[label];
    }

    public double precision(int label) {
        return ratio(hit[label], hit[label] + invented[label]);
    }

    public double recall(int label) {
        return ratio(hit[label], hit[label] + missed[label]);
    }

    public double f1(int label) {
        return ratio(2 * hit[label], 2 * hit[label] + invented[label] + missed[label]);
    }

    /** Mean of the labels' F1. */
    public double macroF1() {
        double sum = 0;
        for (int l = 0; l < labels.size(); l++) {
            sum += f1(l);
        }
        return sum / labels.size();
    }

    /** F1 over all decisions together. */
    public double microF1() {
        int hits = java.util.Arrays.stream(hit).sum();
        int wrong = java.util.Arrays.stream(invented).sum()
                + java.util.Arrays.stream(missed).sum();
        return ratio(2 * hits, 2 * hits + wrong);
    }

    private static double ratio(int part, int whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }
}
