package dev.limbic.model;

import dev.limbic.postprocess.AffectHead;
import dev.limbic.postprocess.EmotionHead;
import dev.limbic.postprocess.EmotionHead.Fallback;
import dev.limbic.postprocess.Head;
import dev.limbic.postprocess.Taxonomy;
import dev.limbic.weights.HfConfig;
import dev.limbic.weights.HfConfig.ProblemType;
import java.util.Arrays;
import java.util.List;

/**
 * How a model's logits are to be read, from its {@code config.json}: the labels, {@code problem_type}, and the optional
 * section of our own
 *
 * <pre>{@code
 * "limbic": {"taxonomy": "goemotions-28", "temperature": 1.0, "thresholds": {"grief": 0.2}, "fallback": "argmax"}
 * }</pre>
 *
 * <p>where the taxonomy is detected from the labels when absent ({@link Taxonomy#detect}), labels without a threshold have
 * 0.5, and the fallback is {@code none}. A regression has another section, {@code "limbic": {"range": [1, 5]}}: the lowest
 * and highest value of valence, arousal and dominance, from -1 to 1 when absent.
 *
 * @param labels in id order, [L]
 * @param problem whether labels are exclusive or independent, or no labels but numbers
 * @param temperature divides the logits
 * @param thresholds by label id, [L]
 * @param fallback what to predict when no independent label reaches its threshold
 * @param taxonomy what labels mean
 * @param range lowest and highest value of a regression
 */
public record HeadConfig(
        List<String> labels,
        ProblemType problem,
        double temperature,
        double[] thresholds,
        Fallback fallback,
        Taxonomy taxonomy,
        AffectHead.Range range) {
    private static final String SECTION = "limbic";
    private static final String TAXONOMY = "taxonomy";
    private static final String TEMPERATURE = "temperature";
    private static final String THRESHOLDS = "thresholds";
    private static final String FALLBACK = "fallback";
    private static final String RANGE = "range";
    private static final double USUAL_THRESHOLD = 0.5;

    /**
     * Reads the configuration of a model.
     *
     * @throws dev.limbic.weights.WeightsException if a value is wrong or a key or label of our section is unknown
     */
    public static HeadConfig of(HfConfig config) {
        List<String> labels = config.labels();
        ProblemType problem = config.problemType(labels.size());
        double[] thresholds = new double[labels.size()];
        Arrays.fill(thresholds, USUAL_THRESHOLD);
        HeadConfig usual = new HeadConfig(
                labels,
                problem,
                1,
                thresholds,
                Fallback.NONE,
                problem == ProblemType.REGRESSION ? Taxonomy.NONE : Taxonomy.detect(labels),
                AffectHead.Range.USUAL);
        return config.section(SECTION).map(usual::changedBy).orElse(usual);
    }

    private HeadConfig changedBy(HfConfig limbic) {
        List<String> known = problem == ProblemType.REGRESSION
                ? List.of(RANGE)
                : List.of(TAXONOMY, TEMPERATURE, THRESHOLDS, FALLBACK);
        for (String key : limbic.keys()) {
            if (!known.contains(key)) {
                throw limbic.unexpected(key, "only the keys " + String.join(", ", known), "this one");
            }
        }
        limbic.section(THRESHOLDS).ifPresent(byLabel -> {
            for (String label : byLabel.keys()) {
                int id = labels.indexOf(label);
                if (id < 0) {
                    throw byLabel.unexpected(label, "a label out of " + labels, "an unknown one");
                }
                if (problem != ProblemType.MULTI_LABEL) {
                    throw byLabel.unexpected(label, "thresholds only with multi_label_classification", "one");
                }
                thresholds[id] = byLabel.doubleOr(label, USUAL_THRESHOLD, 0, 1);
            }
        });
        return new HeadConfig(
                labels,
                problem,
                limbic.doubleOr(TEMPERATURE, 1, 0.01, 100),
                thresholds,
                limbic.oneOfOr(FALLBACK, "none", "none", "argmax").equals("argmax") ? Fallback.ARGMAX : Fallback.NONE,
                limbic.has(TAXONOMY)
                        ? Taxonomy.named(
                                limbic.requireOneOf(TAXONOMY, Taxonomy.names().toArray(String[]::new)))
                        : taxonomy,
                range(limbic));
    }

    private static AffectHead.Range range(HfConfig limbic) {
        if (!limbic.has(RANGE)) {
            return AffectHead.Range.USUAL;
        }
        List<Double> bounds = limbic.requireDoubles(RANGE, -1e6, 1e6);
        if (bounds.size() != 2 || !(bounds.getFirst() < bounds.getLast())) {
            throw limbic.unexpected(RANGE, "the lowest and the highest value", bounds.toString());
        }
        return new AffectHead.Range(bounds.getFirst(), bounds.getLast());
    }

    /** Whether numbers become affect without a word in the configuration of what they range over. */
    boolean assumesRange() {
        return problem == ProblemType.REGRESSION
                && range.equals(AffectHead.Range.USUAL)
                && !head().mapping().equals(Taxonomy.NONE.name());
    }

    /** The head itself. */
    public Head head() {
        return problem == ProblemType.REGRESSION
                ? new AffectHead(labels, range)
                : new EmotionHead(
                        labels, problem == ProblemType.MULTI_LABEL, temperature, thresholds, fallback, taxonomy);
    }
}
