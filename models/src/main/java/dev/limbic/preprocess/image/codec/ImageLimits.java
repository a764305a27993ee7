package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;

/**
 * The largest pictures that are decoded. A decoder asks before it reserves memory: decoding takes up to 16 bytes a pixel
 * for as long as it lasts.
 *
 * @param maxBytes of a file; samples have as many as their pixels take
 * @param maxPixels width times height
 * @param maxSide width and height each
 */
public record ImageLimits(int maxBytes, int maxPixels, int maxSide) {
    /** What cameras and screens give. */
    public static final ImageLimits DEFAULT = new ImageLimits(16 << 20, 16 << 20, 8192);

    private static final int MOST_PIXELS = 1 << 27;

    public ImageLimits {
        if (maxBytes < 1 || maxPixels < 1 || maxPixels > MOST_PIXELS || maxSide < 1 || maxSide > 1 << 16) {
            throw new IllegalArgumentException(
                    "limits of pictures: " + maxBytes + " bytes, " + maxPixels + " pixels, side " + maxSide);
        }
    }

    void requireBytes(int length) {
        if (length > maxBytes) {
            throw new LimbicException.TooLarge("picture: expected at most " + maxBytes + " bytes, found " + length);
        }
    }

    /** @param format for the message */
    void requireSize(String format, long width, long height) {
        if (width < 1 || height < 1) {
            throw new LimbicException.Invalid(
                    format + ": expected at least one pixel, found " + width + " × " + height);
        }
        if (width > maxSide || height > maxSide) {
            throw new LimbicException.TooLarge(
                    format + ": expected sides of at most " + maxSide + " pixels, found " + width + " × " + height);
        }
        if (width * height > maxPixels) {
            throw new LimbicException.TooLarge(
                    format + ": expected at most " + maxPixels + " pixels, found " + width + " × " + height);
        }
    }
}
