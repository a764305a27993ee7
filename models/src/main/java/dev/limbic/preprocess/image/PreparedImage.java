package dev.limbic.preprocess.image;

/**
 * A picture of the size that a model reads, not yet normalised.
 *
 * @param channels 3 for RGB, 1 for grey
 * @param samples interleaved {@code [height, width, channels]}, 0…255; not to be changed
 */
public record PreparedImage(int width, int height, int channels, byte[] samples) {}
