package dev.limbic.generate;

import dev.limbic.domain.LimbicException;
import java.util.List;
import java.util.TreeMap;

/** {@link SamplingSettings} as arrays that can be walked without allocation; token ids are within the vocabulary. */
final class SamplingRules {
    final SamplingSettings settings;
    final int[] biasedIds;
    final float[] biases;
    final int[][] banned;
    final int[] stopIds;

    /**
     * Rules for a model.
     *
     * @throws LimbicException.Invalid if a token id is none of the vocabulary's
     */
    SamplingRules(SamplingSettings settings, int vocabulary) {
        this.settings = settings;
        TreeMap<Integer, Float> bias = new TreeMap<>(settings.logitBias());
        this.biasedIds = ids(List.copyOf(bias.keySet()), "logit_bias", vocabulary);
        this.biases = new float[biasedIds.length];
        for (int i = 0; i < biases.length; i++) {
            biases[i] = bias.getOrDefault(biasedIds[i], 0f);
        }
        this.banned = settings.bannedSequences().stream()
                .map(sequence -> ids(sequence, "a banned sequence", vocabulary))
                .toArray(int[][]::new);
        this.stopIds = ids(settings.ending().stopIds(), "stop_ids", vocabulary);
    }

    boolean stopsAt(int id) {
        for (int stop : stopIds) {
            if (stop == id) {
                return true;
            }
        }
        return false;
    }

    private static int[] ids(List<Integer> ids, String where, int vocabulary) {
        int[] array = ids.stream().mapToInt(Integer::intValue).toArray();
        requireTokens(array, where, vocabulary);
        return array;
    }

    static void requireTokens(int[] ids, String where, int vocabulary) {
        for (int id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw new LimbicException.Invalid(
                        "token ids of %s must be 0 to %d, found %d".formatted(where, vocabulary - 1, id));
            }
        }
    }
}
