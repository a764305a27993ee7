package dev.limbic.preprocess.image.codec;

/** The white ground that transparent pixels show. */
final class White {
    private White() {}

    /** A sample that covers {@code alpha} of 255 of white, rounded as Pillow's alpha_composite rounds. */
    static byte under(byte sample, int alpha) {
        int weighted = (((sample & 0xFF) * alpha + 255 * (255 - alpha)) << 7) + (0x80 << 7);
        return (byte) (((weighted >> 8) + weighted) >> 8 >> 7);
    }
}
