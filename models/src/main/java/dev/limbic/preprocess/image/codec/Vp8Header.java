package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;

/** What stands before the macroblocks of a VP8 key frame (RFC 6386, 9), and the partitions behind it. */
final class Vp8Header {
    private static final int SEGMENTS = 4;
    private static final int FRAME_HEADER = 10;

    final int width;
    final int height;
    final int mbWidth;
    final int mbHeight;
    final Vp8Bits modes;
    final Vp8Bits[] tokens;

    final boolean mapsSegments;
    final int[] segmentProbabilities = {255, 255, 255};
    private boolean relative;
    private boolean segmented;
    private final int[] segmentQuantisers = new int[SEGMENTS];
    private final int[] segmentLevels = new int[SEGMENTS];

    final boolean simpleFilter;
    final int level;
    final int sharpness;
    private int levelOfReference;
    private int levelOfSmallBlocks;

    /** By segment: of Y, of the second-order Y and of chroma, each first and other coefficients. */
    final int[][] quantisers = new int[SEGMENTS][];

    final byte[] probabilities = Vp8Tables.TOKENS.clone();

    /** Probability of a macroblock that has no coefficients; −1 where none says so. */
    final int skip;

    Vp8Header(byte[] data, int from, int length, ImageLimits limits) {
        if (length < FRAME_HEADER
                || data[from + 3] != (byte) 0x9D
                || data[from + 4] != 0x01
                || data[from + 5] != 0x2A) {
            throw new LimbicException.Invalid("WebP: truncated or damaged: it has no frame header");
        }
        int tag = u24(data, from);
        if ((tag & 1) != 0 || (tag >> 1 & 7) > 3 || (tag >> 4 & 1) == 0) {
            throw new LimbicException.Invalid("WebP: expected a key frame that is shown, found another");
        }
        width = u24(data, from + 6) & 0x3FFF;
        height = u24(data, from + 7) >> 8 & 0x3FFF;
        limits.requireSize("WebP", width, height);
        mbWidth = Math.ceilDiv(width, 16);
        mbHeight = Math.ceilDiv(height, 16);
        int first = tag >> 5;
        if (first > length - FRAME_HEADER) {
            throw new LimbicException.Invalid("WebP: truncated or damaged: its modes reach behind its end");
        }
        modes = new Vp8Bits(data, from + FRAME_HEADER, first);
        modes.flag(); // colour space
        modes.flag(); // clamping
        mapsSegments = segments();
        simpleFilter = modes.flag();
        level = modes.number(6);
        sharpness = modes.number(3);
        filterLevels();
        tokens = partitions(data, from + FRAME_HEADER + first, length - FRAME_HEADER - first);
        quantisers();
        modes.flag(); // whether later frames refer to this one
        for (int i = 0; i < probabilities.length; i++) {
            if (modes.bit(Vp8Tables.UPDATES[i] & 0xFF) != 0) {
                probabilities[i] = (byte) modes.number(8);
            }
        }
        skip = modes.flag() ? modes.number(8) : -1;
        modes.requireData();
    }

    static int u24(byte[] data, int at) {
        return (data[at] & 0xFF) | (data[at + 1] & 0xFF) << 8 | (data[at + 2] & 0xFF) << 16;
    }

    private boolean segments() {
        segmented = modes.flag();
        if (!segmented) {
            return false;
        }
        boolean maps = modes.flag();
        if (modes.flag()) {
            relative = !modes.flag();
            for (int i = 0; i < SEGMENTS; i++) {
                segmentQuantisers[i] = modes.optional(7);
            }
            for (int i = 0; i < SEGMENTS; i++) {
                segmentLevels[i] = modes.optional(6);
            }
        }
        for (int i = 0; maps && i < segmentProbabilities.length; i++) {
            segmentProbabilities[i] = modes.flag() ? modes.number(8) : 255;
        }
        return maps;
    }

    private void filterLevels() {
        boolean adjusts = modes.flag();
        if (adjusts && modes.flag()) {
            for (int i = 0; i < 8; i++) {
                int delta = modes.optional(6);
                if (i == 0) {
                    levelOfReference = delta;
                } else if (i == 4) {
                    levelOfSmallBlocks = delta;
                }
            }
        }
    }

    private Vp8Bits[] partitions(byte[] data, int from, int length) {
        int count = 1 << modes.number(2);
        int at = from + 3 * (count - 1);
        int left = length - 3 * (count - 1);
        Vp8Bits[] partitions = new Vp8Bits[count];
        for (int i = 0; i < count; i++) {
            int size = i == count - 1 ? left : left < 0 ? 0 : u24(data, from + 3 * i);
            if (size > left || left < 0) {
                throw new LimbicException.Invalid("WebP: truncated or damaged: its coefficients reach behind its end");
            }
            partitions[i] = new Vp8Bits(data, at, size);
            at += size;
            left -= size;
        }
        return partitions;
    }

    private void quantisers() {
        int base = modes.number(7);
        int y1 = modes.optional(4);
        int y2First = modes.optional(4);
        int y2Other = modes.optional(4);
        int uvFirst = modes.optional(4);
        int uvOther = modes.optional(4);
        for (int i = 0; i < SEGMENTS; i++) {
            int q = segmented ? segmentQuantisers[i] + (relative ? base : 0) : base;
            quantisers[i] = new int[] {
                Vp8Tables.DC[clip(q + y1, 127)],
                Vp8Tables.AC[clip(q, 127)],
                2 * Vp8Tables.DC[clip(q + y2First, 127)],
                Math.max(8, Vp8Tables.AC[clip(q + y2Other, 127)] * 155 / 100),
                Vp8Tables.DC[clip(q + uvFirst, 117)],
                Vp8Tables.AC[clip(q + uvOther, 127)]
            };
        }
    }

    private static int clip(int value, int most) {
        return Math.max(0, Math.min(most, value));
    }

    /** Strength of the loop filter, 0…63 (RFC 6386, 9.3 and 9.6). */
    int level(int segment, boolean smallBlocks) {
        int strength = segmented ? segmentLevels[segment] + (relative ? level : 0) : level;
        return clip(strength + levelOfReference + (smallBlocks ? levelOfSmallBlocks : 0), 63);
    }
}
