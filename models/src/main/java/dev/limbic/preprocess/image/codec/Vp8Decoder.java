package dev.limbic.preprocess.image.codec;

import java.util.Arrays;

/**
 * Decodes the key frame of a lossy WebP (VP8, RFC 6386): modes and coefficients of a macroblock, its prediction and what is
 * added to it, then the loop filter over the whole frame. One decoder reads one picture.
 */
final class Vp8Decoder {
    private static final int Y_AFTER_Y2 = 0;
    private static final int Y2 = 1;
    private static final int UV = 2;
    private static final int Y_ALONE = 3;

    /** Where the second-order block's coefficients lie behind 16 blocks of Y and 8 of chroma. */
    private static final int Y2_AT = 24 * 16;

    private static final int[] BANDS = {0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0};
    private static final int[] ZIGZAG = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};
    private static final int[][] CATEGORIES = {
        {173, 148, 140},
        {176, 155, 140, 135},
        {180, 157, 141, 134, 130},
        {254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}
    };

    private final Vp8Header header;
    private final Vp8Planes planes;
    private final int[] coefficients = new int[Y2_AT + 16];
    private final int[] modes = new int[16];

    /** Modes of 4 × 4 blocks above, four a macroblock, and to the left. */
    private final byte[] modesAbove;

    private final byte[] modesLeft = new byte[4];

    /** Whether blocks above had coefficients: a macroblock's four of Y, two of U, two of V and its second-order one. */
    private final byte[] filledAbove;

    private final byte[] filledLeft = new byte[9];

    /** By macroblock: strength of its filter, and whether its inner edges are filtered. */
    private final byte[] levels;

    private final boolean[] inner;

    Vp8Decoder(byte[] data, int from, int length, ImageLimits limits, Scratch scratch) {
        header = new Vp8Header(data, from, length, limits);
        planes = new Vp8Planes(header.mbWidth, header.mbHeight, scratch);
        modesAbove = new byte[4 * header.mbWidth];
        filledAbove = new byte[9 * header.mbWidth];
        levels = new byte[header.mbWidth * header.mbHeight];
        inner = new boolean[levels.length];
    }

    Vp8Header header() {
        return header;
    }

    /** The frame as planes of luma and chroma. */
    Vp8Planes decode() {
        for (int y = 0; y < header.mbHeight; y++) {
            Arrays.fill(modesLeft, (byte) 0);
            Arrays.fill(filledLeft, (byte) 0);
            Vp8Bits tokens = header.tokens[y & header.tokens.length - 1];
            for (int x = 0; x < header.mbWidth; x++) {
                macroblock(tokens, x, y);
            }
            header.modes.requireData();
            tokens.requireData();
        }
        if (header.level > 0) {
            new Vp8Filter(header, planes).run(levels, inner);
        }
        return planes;
    }

    private void macroblock(Vp8Bits tokens, int x, int y) {
        Vp8Bits bits = header.modes;
        int segment = 0;
        if (header.mapsSegments) {
            segment = bits.bit(header.segmentProbabilities[0]) == 0
                    ? bits.bit(header.segmentProbabilities[1])
                    : 2 + bits.bit(header.segmentProbabilities[2]);
        }
        boolean skip = header.skip >= 0 && bits.bit(header.skip) != 0;
        boolean small = bits.bit(145) == 0;
        if (small) {
            smallModes(bits, x);
        } else {
            int mode = bits.bit(156) == 0
                    ? bits.bit(163) == 0 ? Vp8Prediction.DC : Vp8Prediction.VERTICAL
                    : bits.bit(128) == 0 ? Vp8Prediction.HORIZONTAL : Vp8Prediction.TRUE_MOTION;
            modes[0] = mode;
            Arrays.fill(modesAbove, 4 * x, 4 * x + 4, (byte) mode);
            Arrays.fill(modesLeft, (byte) mode);
        }
        int chroma = bits.bit(142) == 0
                ? Vp8Prediction.DC
                : bits.bit(114) == 0
                        ? Vp8Prediction.VERTICAL
                        : bits.bit(183) == 0 ? Vp8Prediction.HORIZONTAL : Vp8Prediction.TRUE_MOTION;
        Arrays.fill(coefficients, 0);
        boolean filled = !skip && residuals(tokens, x, small, header.quantisers[segment]);
        if (skip) {
            int kinds = small ? 8 : 9; // without a second-order block what is known of the last one stays
            Arrays.fill(filledLeft, 0, kinds, (byte) 0);
            Arrays.fill(filledAbove, 9 * x, 9 * x + kinds, (byte) 0);
        }
        Vp8Prediction.macroblock(planes, x, y, small, modes, chroma, coefficients);
        int at = y * header.mbWidth + x;
        levels[at] = (byte) header.level(segment, small);
        inner[at] = small || filled;
    }

    private void smallModes(Vp8Bits bits, int x) {
        for (int j = 0; j < 4; j++) {
            int left = modesLeft[j];
            for (int i = 0; i < 4; i++) {
                left = smallMode(bits, 9 * (10 * modesAbove[4 * x + i] + left));
                modes[4 * j + i] = left;
                modesAbove[4 * x + i] = (byte) left;
            }
            modesLeft[j] = (byte) left;
        }
    }

    /** @param at of the nine probabilities */
    private static int smallMode(Vp8Bits bits, int at) {
        byte[] p = Vp8Tables.MODES;
        for (int mode = Vp8Prediction.DC; mode <= Vp8Prediction.VERTICAL; mode++) {
            if (bits.bit(p[at + mode] & 0xFF) == 0) {
                return mode;
            }
        }
        if (bits.bit(p[at + 3] & 0xFF) == 0) {
            return bits.bit(p[at + 4] & 0xFF) == 0
                    ? Vp8Prediction.HORIZONTAL
                    : Vp8Prediction.RIGHT_DOWN + bits.bit(p[at + 5] & 0xFF);
        }
        for (int i = 0; i < 3; i++) {
            if (bits.bit(p[at + 6 + i] & 0xFF) == 0) {
                return Vp8Prediction.LEFT_DOWN + i;
            }
        }
        return Vp8Prediction.HORIZONTAL_UP;
    }

    /** Whether the macroblock has coefficients. */
    private boolean residuals(Vp8Bits tokens, int x, boolean small, int[] quantisers) {
        int above = 9 * x;
        int kind = Y_ALONE;
        boolean filled = false;
        if (!small) {
            int context = filledLeft[8] + filledAbove[above + 8];
            byte any = block(tokens, Y2, context, quantisers[2], quantisers[3], 0, Y2_AT);
            filledLeft[8] = any;
            filledAbove[above + 8] = any;
            Vp8Transform.secondOrder(coefficients, Y2_AT);
            kind = Y_AFTER_Y2;
        }
        int first = small ? 0 : 1;
        for (int n = 0; n < 24; n++) {
            boolean luma = n < 16;
            // Of chroma: U in the fifth and sixth place, V in the seventh and eighth.
            int row = luma ? n >> 2 : 4 + ((n - 16) >> 2 << 1) + (n >> 1 & 1);
            int column = above + (luma ? n & 3 : 4 + ((n - 16) >> 2 << 1) + (n & 1));
            int context = filledLeft[row] + filledAbove[column];
            byte any = luma
                    ? block(tokens, kind, context, quantisers[0], quantisers[1], first, 16 * n)
                    : block(tokens, UV, context, quantisers[4], quantisers[5], 0, 16 * n);
            filledLeft[row] = any;
            filledAbove[column] = any;
            filled |= any != 0 || coefficients[16 * n] != 0;
        }
        return filled;
    }

    /** Reads a block's coefficients (RFC 6386, 13). Returns 1 if it has any, else 0. */
    private byte block(Vp8Bits bits, int kind, int context, int dc, int ac, int first, int to) {
        byte[] p = header.probabilities;
        int n = first;
        int at = probabilities(kind, n, context);
        if (bits.bit(p[at] & 0xFF) == 0) {
            return 0;
        }
        while (n < 16) {
            n++;
            if (bits.bit(p[at + 1] & 0xFF) == 0) {
                at = probabilities(kind, n, 0);
                continue;
            }
            int value = 1;
            int size = 1;
            if (bits.bit(p[at + 2] & 0xFF) != 0) {
                value = large(bits, at);
                size = 2;
            }
            at = probabilities(kind, n, size);
            int place = ZIGZAG[n - 1];
            int quantised = value * (place > 0 ? ac : dc);
            coefficients[to + place] = bits.flag() ? -quantised : quantised;
            if (n == 16 || bits.bit(p[at] & 0xFF) == 0) {
                break;
            }
        }
        return 1;
    }

    private static int probabilities(int kind, int n, int context) {
        return 11 * (3 * (8 * kind + BANDS[n]) + context);
    }

    /** A value of 2 or more. */
    private int large(Vp8Bits bits, int at) {
        byte[] p = header.probabilities;
        if (bits.bit(p[at + 3] & 0xFF) == 0) {
            return bits.bit(p[at + 4] & 0xFF) == 0 ? 2 : 3 + bits.bit(p[at + 5] & 0xFF);
        }
        if (bits.bit(p[at + 6] & 0xFF) == 0) {
            return bits.bit(p[at + 7] & 0xFF) == 0 ? 5 + bits.bit(159) : 7 + 2 * bits.bit(165) + bits.bit(145);
        }
        int high = bits.bit(p[at + 8] & 0xFF);
        int category = 2 * high + bits.bit(p[at + 9 + high] & 0xFF);
        int value = 0;
        for (int probability : CATEGORIES[category]) {
            value = 2 * value + bits.bit(probability);
        }
        return value + 3 + (8 << category);
    }
}
