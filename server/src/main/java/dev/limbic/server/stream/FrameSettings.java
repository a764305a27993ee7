package dev.limbic.server.stream;

import dev.limbic.domain.LimbicException;

/**
 * How a client wants the frames of its stream to be looked at.
 *
 * @param model name of a model that reads faces, empty for the default one
 * @param finder name of a model that finds them, empty for the default one
 * @param smoothed whether trembling is taken out of logits
 * @param maxRate most frames of a subject that are looked at in a second; 0 for as many as the server allows, which it
 *     does not exceed
 */
public record FrameSettings(String model, String finder, boolean smoothed, double maxRate) {
    /** Everything at its default. */
    public static final FrameSettings DEFAULT = new FrameSettings("", "", true, 0);

    public FrameSettings {
        if (!(maxRate >= 0) || maxRate == Double.POSITIVE_INFINITY) {
            throw new LimbicException.Invalid(
                    "frames.max_frames_per_second is %s; 0 means as many as the server allows".formatted(maxRate));
        }
    }

    /** Frames a second, the client's and the server's bound together. */
    double rate(FrameRules rules) {
        return maxRate == 0 ? rules.maxRate() : Math.min(maxRate, rules.maxRate());
    }
}
