package dev.limbic.generate;

import java.util.ArrayList;
import java.util.List;

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

    List<GeneratedToken.Alternative> listAlternatives() {
        if (alternatives == 0) {
            return List.of();
        }
        List<GeneratedToken.Alternative> list = new ArrayList<>(alternatives);
        for (int i = 0; i < alternatives; i++) {
            list.add(new GeneratedToken.Alternative(alternativeIds[i], alternativeLogProbabilities[i]));
        }
        return list;
    }
}
