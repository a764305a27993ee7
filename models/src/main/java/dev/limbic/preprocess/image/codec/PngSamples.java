package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import org.jspecify.annotations.Nullable;

/** Samples of a PNG's rows to RGB. */
final class PngSamples {
    private final PngHeader header;
    private final byte[] rgb;
    private final boolean onWhite;

    /** By sample of a palette or of grey of at most 8 bits: its colour as 0xAARRGGBB. */
    private final int[] colours;

    /** Samples of the one colour that is transparent; -1 for none. */
    private final int[] clear = {-1, -1, -1};

    PngSamples(
            PngHeader header, byte @Nullable [] palette, byte @Nullable [] transparency, boolean onWhite, byte[] rgb) {
        this.header = header;
        this.rgb = rgb;
        this.onWhite = onWhite;
        int samples = header.colour() == PngHeader.GREY ? 1 : header.colour() == PngHeader.RGB ? 3 : 0;
        for (int i = 0; transparency != null && i < samples && 2 * i + 1 < transparency.length; i++) {
            clear[i] = (transparency[2 * i] & 0xFF) << 8 | (transparency[2 * i + 1] & 0xFF);
        }
        colours = header.colour() == PngHeader.PALETTE ? palette(palette, transparency) : greys();
    }

    private int[] palette(byte @Nullable [] palette, byte @Nullable [] transparency) {
        if (palette == null) {
            throw new LimbicException.Invalid("PNG: damaged: its palette is missing");
        }
        int[] table = new int[256]; // what lies behind the palette is black, as in Pillow
        for (int i = 0; i < 256; i++) {
            int alpha = transparency != null && i < transparency.length ? transparency[i] & 0xFF : 0xFF;
            int colour = 3 * i < palette.length
                    ? (palette[3 * i] & 0xFF) << 16 | (palette[3 * i + 1] & 0xFF) << 8 | (palette[3 * i + 2] & 0xFF)
                    : 0;
            table[i] = alpha << 24 | colour;
        }
        return table;
    }

    private int[] greys() {
        int most = (1 << Math.min(8, header.depth())) - 1;
        int[] table = new int[256];
        for (int i = 0; i <= most; i++) {
            int alpha = header.depth() <= 8 && i == clear[0] ? 0 : 0xFF;
            table[i] = alpha << 24 | 0x010101 * (i * 255 / most);
        }
        return table;
    }

    /**
     * Puts a row of a pass into the picture.
     *
     * @param row its samples from {@code from}
     * @param pass where the pass begins and how far apart its pixels are
     */
    void row(byte[] row, int from, int width, int[] pass, int y) {
        int to = Pixels.CHANNELS * (y * header.width() + pass[0]);
        int step = Pixels.CHANNELS * pass[2];
        int bytes = header.depth() == 16 ? 2 : 1;
        switch (header.colour()) {
            case PngHeader.RGB, PngHeader.RGBA -> {
                int pixel = header.bitsPerPixel() / 8;
                for (int x = 0, at = from; x < width; x++, at += pixel, to += step) {
                    int alpha = header.colour() == PngHeader.RGBA
                            ? row[at + 3 * bytes] & 0xFF
                            : isClear(row, at, bytes) ? 0 : 0xFF;
                    put(to, row[at], row[at + bytes], row[at + 2 * bytes], alpha);
                }
            }
            case PngHeader.GREY_ALPHA -> {
                for (int x = 0, at = from; x < width; x++, at += 2 * bytes, to += step) {
                    put(to, row[at], row[at], row[at], row[at + bytes] & 0xFF);
                }
            }
            default -> {
                if (bytes == 2) {
                    for (int x = 0, at = from; x < width; x++, at += 2, to += step) {
                        put(to, row[at], row[at], row[at], isClear(row, at, bytes) ? 0 : 0xFF);
                    }
                } else {
                    indexed(row, from, width, to, step);
                }
            }
        }
    }

    private void indexed(byte[] row, int from, int width, int start, int step) {
        int depth = header.depth();
        int most = (1 << depth) - 1;
        int to = start;
        for (int x = 0; x < width; x++, to += step) {
            int bit = x * depth;
            int sample = row[from + (bit >> 3)] >> (8 - depth - (bit & 7)) & most;
            int colour = colours[sample];
            put(to, (byte) (colour >> 16), (byte) (colour >> 8), (byte) colour, colour >>> 24);
        }
    }

    private boolean isClear(byte[] row, int at, int bytes) {
        if (clear[0] < 0) {
            return false;
        }
        for (int i = 0; i < 3 && clear[i] >= 0; i++) {
            int sample = bytes == 2 ? (row[at + 2 * i] & 0xFF) << 8 | (row[at + 2 * i + 1] & 0xFF) : row[at + i] & 0xFF;
            if (sample != clear[i]) {
                return false;
            }
        }
        return true;
    }

    private void put(int to, byte red, byte green, byte blue, int alpha) {
        if (onWhite && alpha != 0xFF) {
            rgb[to] = White.under(red, alpha);
            rgb[to + 1] = White.under(green, alpha);
            rgb[to + 2] = White.under(blue, alpha);
        } else {
            rgb[to] = red;
            rgb[to + 1] = green;
            rgb[to + 2] = blue;
        }
    }
}
