package dev.limbic.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a model says about one input. Arrays are owned by this record and must not be changed.
 *
 * @param logits raw scores by label id, [L]
 * @param probabilities softmax or sigmoid of the logits after temperature, by label id, [L]; none for a regression, [0]
 * @param predicted label ids the model asserts, most probable first; may be empty for multi-label models
 * @param canonical weight of each {@link CanonicalEmotion} by ordinal, summing to 1; all zero when no label is mapped to any
 * @param affect valence, arousal and dominance, each −1…1; null when no label is mapped
 * @param intensity strength of the emotion whichever it is, 0…1
 */
public record Emotions(
        float[] logits,
        float[] probabilities,
        List<Integer> predicted,
        float[] canonical,
        @Nullable Affect affect,
        float intensity) {}
