package dev.limbic.ops;

import java.util.List;

/**
 * How {@link SampleOps#sample} chooses the next token from one row of logits.
 *
 * @param temperature divides the logits, 0…100; 0 takes the most probable token
 * @param topK keeps the k most probable tokens; 0 for all
 * @param topP keeps of those the fewest most probable ones that together have this share, at least one; 1 for all
 * @param minP keeps of those the ones at least this share as probable as the most probable one; 0 for all
 * @param draw a number in [0, 1) that picks among the tokens left
 * @param alternatives how many of the most probable tokens are reported, 0…20
 * @param changes what is changed about single logits first
 */
public record SampleRow(
        float temperature, int topK, float topP, float minP, double draw, int alternatives, LogitChanges changes) {
    public static final int MOST_ALTERNATIVES = 20;
    private static final float MOST_TEMPERATURE = 100;

    /** Columns of the result: the token's id, its log-probability, what became of the row. */
    public static final int ID = 0;

    public static final int LOG_PROBABILITY = 1;
    public static final int OUTCOME = 2;

    /** The first of A columns with ids of the most probable tokens; A columns with their log-probabilities follow. */
    public static final int FIRST_ALTERNATIVE = 3;

    /** A token was chosen. */
    public static final int CHOSEN = 0;

    /** A logit is not a finite number: the id is that of the first such token, the log-probability is the logit. */
    public static final int NOT_FINITE = 1;

    /** The changes leave no token to choose; id and log-probability say nothing. */
    public static final int NOTHING_LEFT = 2;

    /** @throws IllegalArgumentException if a number is not as described */
    public SampleRow {
        boolean fits = temperature >= 0
                && temperature <= MOST_TEMPERATURE
                && topK >= 0
                && topP > 0
                && topP <= 1
                && minP >= 0
                && minP <= 1
                && draw >= 0
                && draw < 1
                && alternatives >= 0
                && alternatives <= MOST_ALTERNATIVES;
        if (!fits) {
            throw new IllegalArgumentException(String.format(
                    "sample: temperature from 0 to 100, top-k from 0, top-p and min-p to 1, a draw in [0, 1) and at most %d"
                            + " alternatives expected, found %s, %d, %s, %s, %s, %d",
                    MOST_ALTERNATIVES, temperature, topK, topP, minP, draw, alternatives));
        }
    }

    /** A: how many alternatives the row with the most of them asks for. */
    public static int mostAlternatives(List<SampleRow> rows) {
        int most = 0;
        for (SampleRow row : rows) {
            most = Math.max(most, row.alternatives);
        }
        return most;
    }

    /** 1/temperature as providers use it, a finite number; 0 at temperature 0. */
    public float inverseTemperature() {
        return temperature == 0 ? 0 : (float) Math.min(1.0 / temperature, Float.MAX_VALUE);
    }

    /** The draw as a fraction of 2⁶⁴, unsigned. */
    public long drawBits() {
        return (long) (draw * 0x1p53) << 11;
    }
}
