package dev.limbic.postprocess;

import dev.limbic.domain.Affect;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The head of a regression: logits are numbers, as they are, and nothing is predicted. Where the labels are names of
 * valence, arousal and dominance, all or some of them, the numbers are affect as well, brought from the model's range to
 * -1…1; an axis without a label is 0. Other labels keep only their numbers.
 */
public final class AffectHead implements Head {
    /**
     * Lowest and highest value of a model's outputs.
     *
     * @param low becomes -1
     * @param high becomes 1, above {@code low}
     */
    public record Range(double low, double high) {
        /** That of affect itself. */
        public static final Range USUAL = new Range(-1, 1);

        float toUnit(float value) {
            return (float) Math.clamp(2 * (value - low) / (high - low) - 1, -1, 1);
        }
    }

    private static final int VALENCE = 0;
    private static final int AROUSAL = 1;
    private static final int DOMINANCE = 2;

    private static final Map<String, Integer> AXES = Map.ofEntries(
            Map.entry("valence", VALENCE),
            Map.entry("v", VALENCE),
            Map.entry("val", VALENCE),
            Map.entry("pleasure", VALENCE),
            Map.entry("p", VALENCE),
            Map.entry("pleasantness", VALENCE),
            Map.entry("evaluation", VALENCE),
            Map.entry("arousal", AROUSAL),
            Map.entry("a", AROUSAL),
            Map.entry("aro", AROUSAL),
            Map.entry("activation", AROUSAL),
            Map.entry("dominance", DOMINANCE),
            Map.entry("d", DOMINANCE),
            Map.entry("dom", DOMINANCE),
            Map.entry("control", DOMINANCE),
            Map.entry("power", DOMINANCE));

    private final List<String> labels;
    private final Range range;

    /** Index of the logit of each axis, or -1, [3]. */
    private final int[] places = {-1, -1, -1};

    private final boolean mapped;

    /**
     * A head.
     *
     * @param labels in id order, [L]
     * @param range of the numbers that are affect
     */
    public AffectHead(List<String> labels, Range range) {
        this.labels = List.copyOf(labels);
        this.range = range;
        boolean all = true;
        for (int id = 0; id < labels.size(); id++) {
            @Nullable Integer axis = AXES.get(labels.get(id).strip().toLowerCase(Locale.ROOT));
            all &= axis != null && places[axis] < 0;
            if (axis != null) {
                places[axis] = id;
            }
        }
        mapped = all;
    }

    @Override
    public Emotions interpret(float[] logits) {
        Scores.requireCount(logits, labels.size());
        for (float value : logits) {
            if (Float.isNaN(value)) {
                throw new LimbicException.Internal(
                        "the model gave no number", new IllegalArgumentException(Arrays.toString(logits)));
            }
        }
        float[] nothing = new float[CanonicalEmotion.values().length];
        if (!mapped) {
            return new Emotions(logits.clone(), new float[0], List.of(), nothing, null, 0);
        }
        Affect affect = new Affect(axis(logits, VALENCE), axis(logits, AROUSAL), axis(logits, DOMINANCE));
        double norm = Taxonomy.norm(affect.valence(), affect.arousal(), affect.dominance());
        return new Emotions(logits.clone(), new float[0], List.of(), nothing, affect, (float) Math.min(1, norm));
    }

    private float axis(float[] logits, int axis) {
        return places[axis] < 0 ? 0 : range.toUnit(logits[places[axis]]);
    }

    @Override
    public String mapping() {
        return mapped ? "affect" : Taxonomy.NONE.name();
    }
}
