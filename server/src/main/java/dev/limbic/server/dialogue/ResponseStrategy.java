package dev.limbic.server.dialogue;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Cue;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.ResponseRules;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Chooses how a character answers, from how the person has felt. A pure function of its rules; thread-safe. */
public final class ResponseStrategy {
    /** A feeling further back than this weighs less than anybody notices. */
    static final int LONGEST_TRAJECTORY = 16;

    private static final CanonicalEmotion[] EMOTIONS = CanonicalEmotion.values();

    private final ResponseRules rules;
    private final Map<CanonicalEmotion, ResponseRules.Rule> byEmotion = new EnumMap<>(CanonicalEmotion.class);

    /** @param rules with one for neutral */
    public ResponseStrategy(ResponseRules rules) {
        this.rules = rules;
        for (ResponseRules.Rule rule : rules.rules()) {
            byEmotion.put(rule.hears(), rule);
        }
        Objects.requireNonNull(byEmotion.get(CanonicalEmotion.NEUTRAL), "a rule for neutral");
    }

    /** Names of all strategies, in the order of their file. */
    public List<String> names() {
        return rules.rules().stream().map(ResponseRules.Rule::name).toList();
    }

    /**
     * The answer to a trajectory.
     *
     * @param trajectory emotions of the person's turns, oldest first; perhaps none
     */
    public Response choose(List<Emotions> trajectory) {
        CanonicalEmotion heard = strongest(mean(trajectory), rules.threshold());
        ResponseRules.Rule rule = byEmotion.get(heard);
        if (rule == null) {
            rule = Objects.requireNonNull(byEmotion.get(CanonicalEmotion.NEUTRAL));
        }
        float speaker = trajectory.isEmpty() ? 0 : trajectory.getLast().intensity();
        float intensity = (float) rule.intensity() * (rule.mirrors() ? Math.clamp(speaker, 0f, 1f) : 1);
        return new Response(rule.name(), new Cue(rule.emotion(), intensity, rule.style()), rule.lines());
    }

    /** The emotion of one turn, neutral where none is strong enough. */
    CanonicalEmotion strongest(Emotions emotions) {
        return strongest(emotions.canonical(), rules.threshold());
    }

    /** Each turn takes the place of a part of what was before; the first of all takes all. */
    private float[] mean(List<Emotions> trajectory) {
        float[] mean = new float[EMOTIONS.length];
        boolean first = true;
        for (Emotions emotions : trajectory) {
            float past = first ? 0 : (float) rules.memory();
            for (int i = 0; i < mean.length; i++) {
                mean[i] = past * mean[i] + (1 - past) * emotions.canonical()[i];
            }
            first = false;
        }
        return mean;
    }

    private static CanonicalEmotion strongest(float[] weights, double threshold) {
        int best = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > weights[best]) {
                best = i;
            }
        }
        return weights[best] >= threshold ? EMOTIONS[best] : CanonicalEmotion.NEUTRAL;
    }
}
