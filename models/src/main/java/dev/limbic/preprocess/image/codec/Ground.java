package dev.limbic.preprocess.image.codec;

/** What shows where a picture is transparent. */
final class Ground {
    private Ground() {}

    /**
     * Puts a pixel on a white ground, rounded as Pillow's alpha_composite rounds.
     *
     * @param rgb where the pixel's colour lies, from {@code at}
     * @param alpha 0…255, 255 for opaque
     */
    static void white(byte[] rgb, int at, int alpha) {
        if (alpha == 0xFF) {
            return;
        }
        for (int i = at; i < at + Pixels.CHANNELS; i++) {
            int weighted = (((rgb[i] & 0xFF) * alpha + 255 * (255 - alpha)) << 7) + (0x80 << 7);
            rgb[i] = (byte) (((weighted >> 8) + weighted) >> 8 >> 7);
        }
    }
}
