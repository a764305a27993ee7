package dev.limbic.preprocess.image;

import dev.limbic.preprocess.image.codec.ImageDecoder.Transparency;
import org.jspecify.annotations.Nullable;

/**
 * How a model wants its pictures.
 *
 * @param resize what they are resized to first; null where they stay as they are
 * @param crop what is cut out of the middle then, with black around where it is larger; null for all. One of the two says
 *     which size the results have
 * @param channels 3 for RGB, 1 for grey
 */
public record ImageSettings(
        @Nullable Resize resize,
        ResizeFilter filter,
        @Nullable Size crop,
        int channels,
        Normalisation normalisation,
        Transparency transparency) {
    public ImageSettings {
        if (crop == null && !(resize instanceof Size)) {
            throw new IllegalArgumentException("neither a size to resize to nor one to cut out");
        }
        if ((channels != 1 && channels != 3) || normalisation.mean().length != channels) {
            throw new IllegalArgumentException(channels + " channels, " + normalisation.mean().length + " means");
        }
    }

    /** What pictures are resized to. */
    public sealed interface Resize {}

    /** Exactly so many pixels; proportions are not kept. */
    public record Size(int height, int width) implements Resize {}

    /** The shorter side has so many pixels; proportions are kept. */
    public record ShortestEdge(int pixels) implements Resize {}

    /** The size of every result. */
    public Size size() {
        if (crop != null) {
            return crop;
        }
        if (resize instanceof Size exact) {
            return exact;
        }
        throw new IllegalStateException("not constructed");
    }
}
