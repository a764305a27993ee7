package dev.limbic.domain;

/**
 * How a reply shall sound.
 *
 * @param emotion the emotion asked for
 * @param intensity how strongly, 0…1; at 0 nothing is steered
 * @param style name of a finer manner that some models know, such as {@code curious}; empty for the emotion itself
 */
public record Cue(CanonicalEmotion emotion, float intensity, String style) {
    public Cue {
        if (!(intensity >= 0 && intensity <= 1)) { // NaN too
            throw new LimbicException.Invalid("intensity must be 0 to 1, found " + intensity);
        }
    }

    /** The emotion itself. */
    public Cue(CanonicalEmotion emotion, float intensity) {
        this(emotion, intensity, "");
    }
}
