package dev.limbic.postprocess;

import dev.limbic.domain.Emotions;

/** The last step of a model: one row of logits to {@link Emotions}. Immutable and thread-safe. */
public interface Head {
    /**
     * Reads one row of logits.
     *
     * @param logits [L]; infinities are allowed
     * @throws dev.limbic.domain.LimbicException.Internal if there are more or fewer, or one is NaN: then a model or device
     *     is broken
     */
    Emotions interpret(float[] logits);

    /** Name of the mapping to emotions or affect, or "none". */
    String mapping();
}
