package dev.limbic.domain;

import org.jspecify.annotations.Nullable;

/**
 * A picture of a video that shows one face.
 *
 * @param stream whose earlier frames it goes on from, and whose later ones go on from it; null for a frame alone, which is
 *     read as a first one and is not remembered
 */
public record Frame(ImageSource source, @Nullable StreamState stream) implements Input {
    /** A picture is private: it must not reach a log through a careless string conversion. */
    @Override
    public String toString() {
        return "Frame[]";
    }
}
