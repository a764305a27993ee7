package dev.limbic.generate;

import dev.limbic.generate.SamplingSettings.Ending;
import dev.limbic.generate.SamplingSettings.Penalties;
import dev.limbic.generate.SamplingSettings.Truncation;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Settings for tests, one field changed at a time. */
record Settings(SamplingSettings built) {
    static Settings greedy(int tokens) {
        return new Settings(SamplingSettings.greedy(Ending.after(tokens)));
    }

    static Settings drawn(long seed, int tokens) {
        return greedy(tokens).temperature(1).seed(seed);
    }

    /** The fields, open to change. */
    private static final class Draft {
        float temperature;
        Truncation truncation;
        Penalties penalties;
        Map<Integer, Float> logitBias;
        List<List<Integer>> bannedSequences;
        Ending ending;
        long seed;
        int alternatives;

        Draft(SamplingSettings from) {
            temperature = from.temperature();
            truncation = from.truncation();
            penalties = from.penalties();
            logitBias = from.logitBias();
            bannedSequences = from.bannedSequences();
            ending = from.ending();
            seed = from.seed();
            alternatives = from.alternatives();
        }

        SamplingSettings build() {
            return new SamplingSettings(
                    temperature, truncation, penalties, logitBias, bannedSequences, ending, seed, alternatives);
        }
    }

    private Settings with(Consumer<Draft> change) {
        Draft draft = new Draft(built);
        change.accept(draft);
        return new Settings(draft.build());
    }

    Settings temperature(float temperature) {
        return with(draft -> draft.temperature = temperature);
    }

    Settings truncation(int topK, float topP, float minP) {
        return with(draft -> draft.truncation = new Truncation(topK, topP, minP));
    }

    Settings penalties(float repetition, float presence, float frequency) {
        return with(draft -> draft.penalties = new Penalties(repetition, presence, frequency));
    }

    Settings bias(Map<Integer, Float> bias) {
        return with(draft -> draft.logitBias = bias);
    }

    Settings banned(List<List<Integer>> banned) {
        return with(draft -> draft.bannedSequences = banned);
    }

    Settings ending(List<Integer> stopIds, List<String> stopStrings, int min, int max) {
        return with(draft -> draft.ending = new Ending(stopIds, stopStrings, min, max));
    }

    Settings seed(long seed) {
        return with(draft -> draft.seed = seed);
    }

    Settings alternatives(int alternatives) {
        return with(draft -> draft.alternatives = alternatives);
    }
}
