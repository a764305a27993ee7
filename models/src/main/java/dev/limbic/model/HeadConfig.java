package dev.limbic.model;

import dev.limbic.postprocess.EmotionHead;
import dev.limbic.postprocess.EmotionHead.Fallback;
import dev.limbic.postprocess.Taxonomy;
import dev.limbic.weights.HfConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How a model's logits are to be read, from its {@code config.json}: the labels, {@code problem_type}, and the optional
 * section of our own
 *
 * <pre>{@code
 * "limbic": {"taxonomy": "goemotions-28", "temperature": 1.0, "thresholds": {"grief": 0.2}, "fallback": "argmax"}
 * }</pre>
 *
 * <p>where the taxonomy is detected from the labels when absent ({@link Taxonomy#detect}), labels without a threshold have
 * 0.5, and the fallback is {@code none}.
 *
 * @param labels in id order, [L]
 * @param multiLabel whether labels are independent
 * @param temperature divides the logits
 * @param thresholds by label id, [L]
 * @param fallback what to predict when no independent label reaches its threshold
 * @param taxonomy what labels mean
 */
public record HeadConfig(
        List<String> labels,
        boolean multiLabel,
        double temperature,
        double[] thresholds,
        Fallback fallback,
        Taxonomy taxonomy) {
    private static final String SECTION = "limbic";
    private static final String TAXONOMY = "taxonomy";
    private static final String TEMPERATURE = "temperature";
    private static final String THRESHOLDS = "thresholds";
    private static final String FALLBACK = "fallback";
    private static final double USUAL_THRESHOLD = 0.5;

    /**
     * Reads the configuration of a model.
     *
     * @throws dev.limbic.weights.WeightsException if a value is wrong or a key or label of our section is unknown
     */
    public static HeadConfig of(HfConfig config) {
        List<String> labels = config.labels();
        boolean multiLabel = config.multiLabel();
        double[] thresholds = new double[labels.size()];
        Arrays.fill(thresholds, USUAL_THRESHOLD);
        Optional<HfConfig> section = config.section(SECTION);
        if (section.isEmpty()) {
            return new HeadConfig(labels, multiLabel, 1, thresholds, Fallback.NONE, Taxonomy.detect(labels));
        }
        HfConfig limbic = section.get();
        List<String> known = List.of(TAXONOMY, TEMPERATURE, THRESHOLDS, FALLBACK);
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
                if (!multiLabel) {
                    throw byLabel.unexpected(label, "thresholds only with multi_label_classification", "one");
                }
                thresholds[id] = byLabel.doubleOr(label, USUAL_THRESHOLD, 0, 1);
            }
        });
        Taxonomy taxonomy = limbic.has(TAXONOMY)
                ? Taxonomy.named(limbic.requireOneOf(TAXONOMY, Taxonomy.names().toArray(String[]::new)))
                : Taxonomy.detect(labels);
        return new HeadConfig(
                labels,
                multiLabel,
                limbic.doubleOr(TEMPERATURE, 1, 0.01, 100),
                thresholds,
                limbic.oneOfOr(FALLBACK, "none", "none", "argmax").equals("argmax") ? Fallback.ARGMAX : Fallback.NONE,
                taxonomy);
    }

    /** The head itself. */
    public EmotionHead head() {
        return new EmotionHead(labels, multiLabel, temperature, thresholds, fallback, taxonomy);
    }
}
