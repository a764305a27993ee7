package dev.limbic.preprocess.image.codec;

/**
 * A decoded picture.
 *
 * @param width at least 1
 * @param height at least 1
 * @param rgb interleaved samples {@code [height, width, 3]}, 0…255; not to be changed, several threads may read it
 */
public record Pixels(int width, int height, byte[] rgb) {
    public static final int CHANNELS = 3;

    public Pixels {
        if (width < 1 || height < 1 || rgb.length != (long) CHANNELS * width * height) {
            throw new IllegalArgumentException(rgb.length + " bytes for " + width + " × " + height + " pixels");
        }
    }
}
