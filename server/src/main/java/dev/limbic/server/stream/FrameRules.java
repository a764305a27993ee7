package dev.limbic.server.stream;

import java.time.Duration;

/**
 * How the frames of every stream are looked at; what a client may not change.
 *
 * @param maxRate most frames of a subject that are looked at in a second, above 0
 * @param maxSubjects most subjects of a stream at a time, at least 1
 * @param forgetAfter silence after which a subject is forgotten, or a face that was not found again; above 0
 */
public record FrameRules(double maxRate, int maxSubjects, Duration forgetAfter, Smoothing smoothing) {
    /**
     * How trembling is taken out of logits; see {@link OneEuroFilter}.
     *
     * @param minCutoff of logits that rest, in Hz, above 0
     * @param beta what the speed of logits adds to that: Hz for each logit per second
     */
    public record Smoothing(double minCutoff, double beta) {}
}
