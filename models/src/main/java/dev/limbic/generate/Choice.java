package dev.limbic.generate;

/**
 * A chosen token. Belongs to its {@link Sampler} and is overwritten by the next choice. Log-probabilities are those of
 * the model, before bias, penalties and temperature.
 */
final class Choice {
    int id;
    float logProbability;
    /** How many of the most probable tokens are listed. */
    int alternatives;

    final int[] alternativeIds;
    final float[] alternativeLogProbabilities;

    Choice(int most) {
        alternativeIds = new int[most];
        alternativeLogProbabilities = new float[most];
    }
}
