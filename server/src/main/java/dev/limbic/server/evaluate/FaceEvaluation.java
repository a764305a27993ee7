package dev.limbic.server.evaluate;

import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A model's answers to pictures with one label each.
 *
 * @param scores of the labels that the pictures have
 * @param confusion pictures, [label of {@code scores}][most probable label of the model]
 * @param accuracy share of pictures whose most probable label is the right one
 * @param calibrationError how far the probability of the most probable label is from the share of right ones among
 *     pictures with such a probability, on average (expected calibration error of Guo et al. 2017, 15 bins)
 */
public record FaceEvaluation(LabelScores scores, int[][] confusion, double accuracy, double calibrationError) {
    private static final int BINS = 15;

    /**
     * Scores answers.
     *
     * @param labels of the model
     * @param gold the right label of each picture
     * @param probabilities of all labels, for each picture
     */
    public static FaceEvaluation of(List<String> labels, List<Integer> gold, List<float[]> probabilities) {
        int[] told =
                gold.stream().mapToInt(Integer::intValue).sorted().distinct().toArray();
        LabelScores scores =
                new LabelScores(IntStream.of(told).mapToObj(labels::get).toList());
        int[][] confusion = new int[told.length][labels.size()];
        double[] sure = new double[BINS];
        int[] rightOnes = new int[BINS];
        int right = 0;
        for (int i = 0; i < gold.size(); i++) {
            int top = Evaluation.mostProbable(probabilities.get(i));
            int row = java.util.Arrays.binarySearch(told, gold.get(i));
            scores.add(set(row), set(java.util.Arrays.binarySearch(told, top)));
            confusion[row][top]++;
            int bin = Math.clamp((int) (probabilities.get(i)[top] * BINS), 0, BINS - 1);
            sure[bin] += probabilities.get(i)[top];
            if (gold.get(i) == top) {
                right++;
                rightOnes[bin]++;
            }
        }
        double error = 0;
        for (int bin = 0; bin < BINS; bin++) {
            error += Math.abs(sure[bin] - rightOnes[bin]) / gold.size();
        }
        return new FaceEvaluation(scores, confusion, (double) right / gold.size(), error);
    }

    /** None of a negative place: a label that no picture has. */
    private static BitSet set(int place) {
        BitSet set = new BitSet();
        if (place >= 0) {
            set.set(place);
        }
        return set;
    }
}
