package dev.limbic.postprocess;

import dev.limbic.domain.Affect;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The last step of a classifier: one row of logits to {@link Emotions}. Immutable and thread-safe.
 *
 * <p><b>Evidence.</b> Each label that the taxonomy maps has a weight; the weights sum to 1. For exclusive labels that is
 * the probability, and what unmapped labels hold counts as neutral. For independent labels a probability says little by
 * itself, as rare labels have low ones and low thresholds; the weight is {@code u = σ(2 (z/T - logit t))}, with logit z,
 * temperature T and the label's threshold t. That is ½ at the threshold and falls off twice as fast as the probability
 * does, so that the many labels that are not there do not add up to something. Neutral has the evidence of its own label or
 * that of nothing else being there, {@code Π (1 - u)} over the other labels, whichever is larger. Then the weights are
 * divided by their sum.
 *
 * <p><b>Canonical emotions</b> and <b>affect</b> are the means of what the labels mean, with these weights. Labels of
 * sentiment are affect alone.
 *
 * <p><b>Intensity</b> is {@code min(1, ‖affect‖) · √(1 - neutral)}: there must be an emotion, and it must go somewhere. A
 * model that is sure of joy, anger or excitement gives about 1, one sure of annoyance 0.6, of mild approval 0.4, of
 * neutral 0; one that cannot decide between all of them gives less than half.
 */
public final class EmotionHead implements Head {
    /** What to predict when no independent label reaches its threshold. */
    public enum Fallback {
        /** No label. */
        NONE,
        /** The most probable label. */
        ARGMAX
    }

    /** Sharpness of the evidence of independent labels. */
    private static final double SHARPNESS = 2;

    private static final int NEUTRAL = Taxonomy.index(CanonicalEmotion.NEUTRAL);

    private final List<String> labels;
    private final boolean multiLabel;
    private final double temperature;
    private final double[] thresholds;
    private final Fallback fallback;
    private final Taxonomy taxonomy;
    private final Taxonomy.@Nullable Meaning[] meanings;
    private final boolean mapped;

    /**
     * A head.
     *
     * @param labels in id order, [L]
     * @param multiLabel whether labels are independent (sigmoid) rather than exclusive (softmax)
     * @param temperature divides the logits, above 0
     * @param thresholds probability from which an independent label is predicted, each 0…1, [L]; not used for exclusive ones
     * @param fallback what to predict when no independent label reaches its threshold
     * @param taxonomy what labels mean; those it does not know keep only their names
     * @throws IllegalArgumentException if lengths differ or a number is out of range
     */
    public EmotionHead(
            List<String> labels,
            boolean multiLabel,
            double temperature,
            double[] thresholds,
            Fallback fallback,
            Taxonomy taxonomy) {
        if (labels.isEmpty() || thresholds.length != labels.size()) {
            throw new IllegalArgumentException(
                    "expected a threshold for each of " + labels.size() + " labels, found " + thresholds.length);
        }
        if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("expected a positive temperature, found " + temperature);
        }
        if (!Arrays.stream(thresholds).allMatch(t -> t >= 0 && t <= 1)) {
            throw new IllegalArgumentException("expected thresholds in 0…1, found " + Arrays.toString(thresholds));
        }
        this.labels = List.copyOf(labels);
        this.multiLabel = multiLabel;
        this.temperature = temperature;
        this.thresholds = thresholds.clone();
        this.fallback = fallback;
        this.taxonomy = taxonomy;
        this.meanings = new Taxonomy.@Nullable Meaning[labels.size()];
        boolean any = false;
        for (int i = 0; i < meanings.length; i++) {
            meanings[i] = taxonomy.meaning(labels.get(i)).orElse(null);
            any |= meanings[i] != null;
        }
        this.mapped = any;
    }

    /** In id order, [L]. */
    public List<String> labels() {
        return labels;
    }

    /** Whether labels are independent. */
    public boolean multiLabel() {
        return multiLabel;
    }

    @Override
    public String mapping() {
        return taxonomy.name();
    }

    @Override
    public Emotions interpret(float[] logits) {
        Scores.requireCount(logits, labels.size());
        double[] p;
        try {
            p = multiLabel ? Scores.sigmoid(logits, temperature) : Scores.softmax(logits, temperature);
        } catch (IllegalArgumentException e) {
            throw new LimbicException.Internal("the model gave no probabilities: " + e.getMessage(), e);
        }
        float[] canonical = new float[CanonicalEmotion.values().length];
        @Nullable Affect affect = null;
        float intensity = 0;
        if (mapped) {
            double[] weights = multiLabel ? evidence(logits) : p;
            affect = mix(weights, canonical);
            double norm = Taxonomy.norm(affect.valence(), affect.arousal(), affect.dominance());
            intensity = (float) (Math.min(1, norm) * Math.sqrt(Math.max(0, 1 - canonical[NEUTRAL])));
        }
        return new Emotions(logits.clone(), toFloats(p), predicted(p), canonical, affect, intensity);
    }

    /** How much each label stands out against its own threshold, each 0…1, [L]. */
    private double[] evidence(float[] logits) {
        double[] u = new double[logits.length];
        for (int i = 0; i < u.length; i++) {
            // A threshold of 0 or 1 is as good as one very near it.
            double t = Math.clamp(thresholds[i], 1e-4, 1 - 1e-4);
            u[i] = Scores.sigmoid(SHARPNESS * (logits[i] / temperature - Math.log(t / (1 - t))));
        }
        return u;
    }

    /** Fills {@code canonical} with the weighted mean of emotions, [8], if the taxonomy has any; returns that of affect. */
    private Affect mix(double[] weights, float[] canonical) {
        double[] emotions = new double[canonical.length];
        double valence = 0;
        double arousal = 0;
        double dominance = 0;
        double total = 0;
        double neutral = 0;
        double nothing = 1;
        for (int i = 0; i < weights.length; i++) {
            Taxonomy.@Nullable Meaning meaning = meanings[i];
            if (meaning == null) {
                continue;
            }
            total += weights[i];
            for (int c = 0; c < emotions.length; c++) {
                emotions[c] += weights[i] * meaning.emotions()[c];
            }
            valence += weights[i] * meaning.affect().valence();
            arousal += weights[i] * meaning.affect().arousal();
            dominance += weights[i] * meaning.affect().dominance();
            if (meaning.neutral()) {
                neutral += weights[i];
            } else {
                nothing *= 1 - weights[i];
            }
        }
        double silence = Math.max(0, multiLabel ? nothing - neutral : 1 - total);
        emotions[NEUTRAL] += silence;
        total += silence;
        for (int c = 0; taxonomy.namesEmotions() && c < emotions.length; c++) {
            canonical[c] = (float) (emotions[c] / total);
        }
        return new Affect(unit(valence / total), unit(arousal / total), unit(dominance / total));
    }

    private List<Integer> predicted(double[] p) {
        List<Integer> byProbability = new ArrayList<>(IntStream.range(0, p.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -p[i]))
                .toList());
        if (!multiLabel) {
            return List.of(byProbability.getFirst());
        }
        int mostProbable = byProbability.getFirst();
        byProbability.removeIf(i -> p[i] < thresholds[i]);
        if (byProbability.isEmpty() && fallback == Fallback.ARGMAX) {
            return List.of(mostProbable);
        }
        return List.copyOf(byProbability);
    }

    private static float unit(double x) {
        return (float) Math.clamp(x, -1, 1);
    }

    private static float[] toFloats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
