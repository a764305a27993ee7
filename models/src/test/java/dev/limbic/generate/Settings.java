package dev.limbic.generate;

import java.util.List;
import java.util.Map;

/** Settings for tests, one field changed at a time. */
record Settings(SamplingSettings built) {
    static Settings greedy(int tokens) {
        return new Settings(SamplingSettings.greedy(SamplingSettings.Ending.after(tokens)));
    }

    static Settings drawn(long seed, int tokens) {
        return greedy(tokens).temperature(1).seed(seed);
    }

    Settings temperature(float temperature) {
        return new Settings(new SamplingSettings(
                temperature,
                built.truncation(),
                built.penalties(),
                built.logitBias(),
                built.bannedSequences(),
                built.ending(),
                built.seed(),
                built.alternatives()));
    }

    Settings truncation(int topK, float topP, float minP) {
        return new Settings(new SamplingSettings(
                built.temperature(),
                new SamplingSettings.Truncation(topK, topP, minP),
                built.penalties(),
                built.logitBias(),
                built.bannedSequences(),
                built.ending(),
                built.seed(),
                built.alternatives()));
    }

    Settings penalties(float repetition, float presence, float frequency) {
        return new Settings(new SamplingSettings(
                built.temperature(),
                built.truncation(),
                new SamplingSettings.Penalties(repetition, presence, frequency),
                built.logitBias(),
                built.bannedSequences(),
                built.ending(),
                built.seed(),
                built.alternatives()));
    }

    Settings bias(Map<Integer, Float> bias) {
        return new Settings(new SamplingSettings(
                built.temperature(),
                built.truncation(),
                built.penalties(),
                bias,
                built.bannedSequences(),
                built.ending(),
                built.seed(),
                built.alternatives()));
    }

    Settings banned(List<List<Integer>> banned) {
        return new Settings(new SamplingSettings(
                built.temperature(),
                built.truncation(),
                built.penalties(),
                built.logitBias(),
                banned,
                built.ending(),
                built.seed(),
                built.alternatives()));
    }

    Settings ending(List<Integer> stopIds, List<String> stopStrings, int min, int max) {
        return new Settings(new SamplingSettings(
                built.temperature(),
                built.truncation(),
                built.penalties(),
                built.logitBias(),
                built.bannedSequences(),
                new SamplingSettings.Ending(stopIds, stopStrings, min, max),
                built.seed(),
                built.alternatives()));
    }

    Settings seed(long seed) {
        return new Settings(new SamplingSettings(
                built.temperature(),
                built.truncation(),
                built.penalties(),
                built.logitBias(),
                built.bannedSequences(),
                built.ending(),
                seed,
                built.alternatives()));
    }

    Settings alternatives(int alternatives) {
        return new Settings(new SamplingSettings(
                built.temperature(),
                built.truncation(),
                built.penalties(),
                built.logitBias(),
                built.bannedSequences(),
                built.ending(),
                built.seed(),
                alternatives));
    }
}
