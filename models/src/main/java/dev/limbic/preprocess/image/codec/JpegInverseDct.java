package dev.limbic.preprocess.image.codec;

/**
 * The inverse discrete cosine transform of 8 × 8 blocks in whole numbers, to the last bit that of the accurate method
 * ("islow") of the Independent JPEG Group's library and all that follow it: Loeffler, Ligtenberg, Moschytz 1989 with 13 bits.
 */
final class JpegInverseDct {
    static final int BITS = 13;
    private static final int PASS_1_BITS = 2;
    static final int SHIFT_1 = BITS - PASS_1_BITS;
    static final int SHIFT_2 = BITS + PASS_1_BITS + 3;
    static final int HALF_1 = 1 << (SHIFT_1 - 1);

    /** Half of what is shifted away, and the 128 that samples are around. */
    static final int HALF_2 = (1 << (SHIFT_2 - 1)) + (128 << SHIFT_2);

    static final int F_0_298 = 2446;
    static final int F_0_390 = 3196;
    static final int F_0_541 = 4433;
    static final int F_0_765 = 6270;
    static final int F_0_899 = 7373;
    static final int F_1_175 = 9633;
    static final int F_1_501 = 12299;
    static final int F_1_847 = 15137;
    static final int F_1_961 = 16069;
    static final int F_2_053 = 16819;
    static final int F_2_562 = 20995;
    static final int F_3_072 = 25172;

    private JpegInverseDct() {}

    /** A block of which only the first coefficient is not 0. */
    static void flat(int dc, byte[] out, int at, int stride) {
        byte value = clamp((((dc << PASS_1_BITS) + (1 << (PASS_1_BITS + 2))) >> (PASS_1_BITS + 3)) + 128);
        for (int y = 0; y < 8; y++) {
            int row = at + y * stride;
            for (int x = 0; x < 8; x++) {
                out[row + x] = value;
            }
        }
    }

    /**
     * @param block coefficients times quantisers, [8, 8], rows of equal vertical frequency; overwritten
     * @param out samples, 8 rows from {@code at}, {@code stride} apart
     */
    static void block(int[] block, byte[] out, int at, int stride, boolean vectors) {
        if (vectors) {
            JpegVectors.inverseDct(block, out, at, stride);
        } else {
            plain(block, out, at, stride);
        }
    }

    static void plain(int[] block, byte[] out, int at, int stride) {
        for (int x = 0; x < 8; x++) {
            column(block, x);
        }
        for (int y = 0; y < 8; y++) {
            row(block, 8 * y, out, at + y * stride);
        }
    }

    private static void column(int[] b, int x) {
        int i1 = b[8 + x];
        int i2 = b[16 + x];
        int i3 = b[24 + x];
        int i4 = b[32 + x];
        int i5 = b[40 + x];
        int i6 = b[48 + x];
        int i7 = b[56 + x];
        if ((i1 | i2 | i3 | i4 | i5 | i6 | i7) == 0) {
            int flat = b[x] << PASS_1_BITS;
            for (int y = 0; y < 64; y += 8) {
                b[y + x] = flat;
            }
            return;
        }
        int z = (i2 + i6) * F_0_541;
        int e2 = z - i6 * F_1_847;
        int e3 = z + i2 * F_0_765;
        int e0 = ((b[x] + i4) << BITS) + HALF_1;
        int e1 = ((b[x] - i4) << BITS) + HALF_1;
        int z3 = i7 + i3;
        int z4 = i5 + i1;
        int z5 = (z3 + z4) * F_1_175;
        int z1 = -(i7 + i1) * F_0_899;
        int z2 = -(i5 + i3) * F_2_562;
        z3 = z5 - z3 * F_1_961;
        z4 = z5 - z4 * F_0_390;
        int o0 = i7 * F_0_298 + z1 + z3;
        int o1 = i5 * F_2_053 + z2 + z4;
        int o2 = i3 * F_3_072 + z2 + z3;
        int o3 = i1 * F_1_501 + z1 + z4;
        b[x] = (e0 + e3 + o3) >> SHIFT_1;
        b[56 + x] = (e0 + e3 - o3) >> SHIFT_1;
        b[8 + x] = (e1 + e2 + o2) >> SHIFT_1;
        b[48 + x] = (e1 + e2 - o2) >> SHIFT_1;
        b[16 + x] = (e1 - e2 + o1) >> SHIFT_1;
        b[40 + x] = (e1 - e2 - o1) >> SHIFT_1;
        b[24 + x] = (e0 - e3 + o0) >> SHIFT_1;
        b[32 + x] = (e0 - e3 - o0) >> SHIFT_1;
    }

    private static void row(int[] b, int y, byte[] out, int at) {
        int i0 = b[y];
        int i1 = b[y + 1];
        int i2 = b[y + 2];
        int i3 = b[y + 3];
        int i4 = b[y + 4];
        int i5 = b[y + 5];
        int i6 = b[y + 6];
        int i7 = b[y + 7];
        int z = (i2 + i6) * F_0_541;
        int e2 = z - i6 * F_1_847;
        int e3 = z + i2 * F_0_765;
        int e0 = ((i0 + i4) << BITS) + HALF_2;
        int e1 = ((i0 - i4) << BITS) + HALF_2;
        int z3 = i7 + i3;
        int z4 = i5 + i1;
        int z5 = (z3 + z4) * F_1_175;
        int z1 = -(i7 + i1) * F_0_899;
        int z2 = -(i5 + i3) * F_2_562;
        z3 = z5 - z3 * F_1_961;
        z4 = z5 - z4 * F_0_390;
        int o0 = i7 * F_0_298 + z1 + z3;
        int o1 = i5 * F_2_053 + z2 + z4;
        int o2 = i3 * F_3_072 + z2 + z3;
        int o3 = i1 * F_1_501 + z1 + z4;
        out[at] = clamp((e0 + e3 + o3) >> SHIFT_2);
        out[at + 7] = clamp((e0 + e3 - o3) >> SHIFT_2);
        out[at + 1] = clamp((e1 + e2 + o2) >> SHIFT_2);
        out[at + 6] = clamp((e1 + e2 - o2) >> SHIFT_2);
        out[at + 2] = clamp((e1 - e2 + o1) >> SHIFT_2);
        out[at + 5] = clamp((e1 - e2 - o1) >> SHIFT_2);
        out[at + 3] = clamp((e0 - e3 + o0) >> SHIFT_2);
        out[at + 4] = clamp((e0 - e3 - o0) >> SHIFT_2);
    }

    private static byte clamp(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }
}
