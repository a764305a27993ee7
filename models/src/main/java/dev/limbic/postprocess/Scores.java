package dev.limbic.postprocess;

import dev.limbic.domain.LimbicException;

/**
 * Logits to probabilities, computed in double. Both functions are total but for NaN: each finite or infinite logit has a
 * probability, and nothing overflows. Temperature divides the logits; above 1 it makes a model less sure.
 */
public final class Scores {
    private Scores() {}

    /**
     * Probabilities of exclusive labels, shifted by the largest logit. They sum to 1. {@code -∞} has probability 0;
     * {@code +∞} shares everything with its equals; when all are {@code -∞}, all are equal.
     *
     * @param logits [L], at least one
     * @return [L]
     * @throws IllegalArgumentException if there is no logit, one is NaN, or the temperature is not a positive number
     */
    public static double[] softmax(float[] logits, double temperature) {
        requireSound(logits, temperature);
        double largest = Double.NEGATIVE_INFINITY;
        for (float z : logits) {
            largest = Math.max(largest, z);
        }
        double[] p = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            // Equal infinities would give NaN as a difference.
            p[i] = logits[i] == largest ? 1 : Math.exp((logits[i] - largest) / temperature);
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /**
     * Probabilities of independent labels.
     *
     * @param logits [L], at least one
     * @return [L]
     * @throws IllegalArgumentException if there is no logit, one is NaN, or the temperature is not a positive number
     */
    public static double[] sigmoid(float[] logits, double temperature) {
        requireSound(logits, temperature);
        double[] p = new double[logits.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = sigmoid(logits[i] / temperature);
        }
        return p;
    }

    /** Checks that a model gave as many logits as it has labels. */
    static void requireCount(float[] logits, int labels) {
        if (logits.length != labels) {
            String message = "expected " + labels + " logits, found " + logits.length;
            throw new LimbicException.Internal(message, new IllegalArgumentException(message));
        }
    }

    /** 1 / (1 + e^-x), also at ±∞. */
    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static void requireSound(float[] logits, double temperature) {
        if (logits.length == 0) {
            throw new IllegalArgumentException("expected at least one logit, found none");
        }
        if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("expected a positive temperature, found " + temperature);
        }
        for (int i = 0; i < logits.length; i++) {
            if (Float.isNaN(logits[i])) {
                throw new IllegalArgumentException("expected a number as logit " + i + ", found NaN");
            }
        }
    }
}
