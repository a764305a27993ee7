package dev.limbic.preprocess.image.codec;

/** The inverse transforms of VP8 (RFC 6386, 14.3 and 14.4), to the last bit. */
final class Vp8Transform {
    private static final int COS = 85627; // √2 cos(π/8) in 16 bits of fraction
    private static final int SIN = 35468; // √2 sin(π/8)

    private Vp8Transform() {}

    /** Spreads a second-order block at {@code from} over the first coefficients of the 16 blocks of luma. */
    static void secondOrder(int[] c, int from) {
        for (int i = from; i < from + 4; i++) {
            int a = c[i] + c[i + 12];
            int b = c[i + 4] + c[i + 8];
            int d = c[i + 4] - c[i + 8];
            int e = c[i] - c[i + 12];
            c[i] = a + b;
            c[i + 4] = e + d;
            c[i + 8] = a - b;
            c[i + 12] = e - d;
        }
        for (int i = 0; i < 4; i++) {
            int at = from + 4 * i;
            int a = c[at] + 3 + c[at + 3];
            int b = c[at + 1] + c[at + 2];
            int d = c[at + 1] - c[at + 2];
            int e = c[at] + 3 - c[at + 3];
            c[64 * i] = (a + b) >> 3;
            c[64 * i + 16] = (e + d) >> 3;
            c[64 * i + 32] = (a - b) >> 3;
            c[64 * i + 48] = (e - d) >> 3;
        }
    }

    /** Adds the block that 16 coefficients stand for to 4 × 4 samples. Overwrites the coefficients. */
    static void add(int[] c, int from, byte[] plane, int to, int stride) {
        int others = 0;
        for (int i = 1; i < 16; i++) {
            others |= c[from + i];
        }
        if (others == 0) {
            if (c[from] != 0) {
                int flat = (c[from] + 4) >> 3;
                for (int y = 0; y < 4; y++) {
                    for (int x = 0; x < 4; x++) {
                        add(plane, to + y * stride + x, flat);
                    }
                }
            }
            return;
        }
        for (int i = from; i < from + 4; i++) {
            int a = c[i] + c[i + 8];
            int b = c[i] - c[i + 8];
            int d = ((c[i + 4] * SIN) >> 16) - (int) (((long) c[i + 12] * COS) >> 16);
            int e = (int) (((long) c[i + 4] * COS) >> 16) + ((c[i + 12] * SIN) >> 16);
            c[i] = a + e;
            c[i + 4] = b + d;
            c[i + 8] = b - d;
            c[i + 12] = a - e;
        }
        for (int y = 0; y < 4; y++) {
            int i = from + 4 * y;
            int a = c[i] + 4 + c[i + 2];
            int b = c[i] + 4 - c[i + 2];
            int d = ((c[i + 1] * SIN) >> 16) - (int) (((long) c[i + 3] * COS) >> 16);
            int e = (int) (((long) c[i + 1] * COS) >> 16) + ((c[i + 3] * SIN) >> 16);
            int at = to + y * stride;
            add(plane, at, (a + e) >> 3);
            add(plane, at + 1, (b + d) >> 3);
            add(plane, at + 2, (b - d) >> 3);
            add(plane, at + 3, (a - e) >> 3);
        }
    }

    private static void add(byte[] plane, int at, int value) {
        plane[at] = (byte) Math.max(0, Math.min(255, (plane[at] & 0xFF) + value));
    }
}
