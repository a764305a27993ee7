package dev.limbic.preprocess.image.codec;

import java.util.Arrays;

/**
 * A frame of VP8: luma and chroma of half the size, in whole macroblocks, each with the border that predictions look at: a
 * row of 127 above, a column of 129 to the left.
 */
final class Vp8Planes {
    /** Columns before a row's first sample, and at least four behind its last. */
    private static final int MARGIN = 16;

    final byte[] y;
    final byte[] u;
    final byte[] v;
    final int strideY;
    final int strideUv;
    final int mbWidth;

    Vp8Planes(int mbWidth, int mbHeight, Scratch scratch) {
        this.mbWidth = mbWidth;
        strideY = 16 * mbWidth + 2 * MARGIN;
        strideUv = 8 * mbWidth + 2 * MARGIN;
        y = bordered(scratch, Scratch.Slot.PLANE_0, strideY, 16 * mbHeight);
        u = bordered(scratch, Scratch.Slot.PLANE_1, strideUv, 8 * mbHeight);
        v = bordered(scratch, Scratch.Slot.PLANE_2, strideUv, 8 * mbHeight);
    }

    private static byte[] bordered(Scratch scratch, Scratch.Slot slot, int stride, int height) {
        byte[] plane = scratch.bytes(slot, stride * (height + 1));
        Arrays.fill(plane, 0, stride, (byte) 127);
        for (int y = 1; y <= height; y++) {
            plane[y * stride + MARGIN - 1] = (byte) 129;
        }
        return plane;
    }

    int atY(int x, int y) {
        return (y + 1) * strideY + MARGIN + x;
    }

    int atUv(int x, int y) {
        return (y + 1) * strideUv + MARGIN + x;
    }
}
