package dev.limbic.model;

import java.util.List;

/**
 * What a client needs to know of a model that reads emotions.
 *
 * @param labels in id order, [L]
 * @param multiLabel sigmoid per label if true, softmax over labels or the numbers of a regression if not
 * @param taxonomy name of the mapping to canonical emotions or affect, or "none"
 * @param takes what fits into it
 */
public record ClassifierCard(
        String name,
        String kind,
        String architecture,
        List<String> labels,
        boolean multiLabel,
        String taxonomy,
        Takes takes,
        long parameters,
        String precision,
        String device)
        implements ModelCard {
    /** What fits into a model. */
    public sealed interface Takes {}

    /**
     * Text.
     *
     * @param most longest one in tokens, special tokens included; what is longer is cut
     */
    public record Tokens(int most) implements Takes {}

    /** A picture, which is brought to this size, in pixels. */
    public record Picture(int width, int height) implements Takes {}
}
