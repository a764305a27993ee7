package dev.limbic.preprocess.image.codec;

import java.util.Arrays;

/** What a macroblock is predicted to be from the samples above and to the left, and what is added (RFC 6386, 12). */
final class Vp8Prediction {
    static final int DC = 0;
    static final int TRUE_MOTION = 1;
    static final int VERTICAL = 2;
    static final int HORIZONTAL = 3;
    static final int RIGHT_DOWN = 4;
    static final int LEFT_DOWN = 6;
    static final int HORIZONTAL_UP = 9;

    /**
     * By mode from {@link #VERTICAL} on: the 16 samples of a small block as averages of the 13 around it, named from the
     * lowest to the left (b) over the corner (f) to the last above to the right (n), with the first and the last twice
     * (a, o). A capital letter is the average of three with the one in the middle doubled, a small letter that of the one
     * and the next.
     */
    private static final String[] SMALL = {
        "GHIJGHIJGHIJGHIJ", // vertical
        "EEEEDDDDCCCCBBBB", // horizontal
        "FGHIEFGHDEFGCDEF", // right down
        "fghiFGHIEfghDFGH", // vertical right
        "HIJKIJKLJKLMKLMN", // left down
        "ghijHIJKhijLIJKM", // vertical left
        "eFGHdEeFcDdEbCcD", // horizontal down
        "dDcCcCbBbBaaaaaa" // horizontal up
    };

    private Vp8Prediction() {}

    /**
     * Reconstructs a macroblock.
     *
     * @param small whether luma is predicted in blocks of 4 × 4
     * @param modes of those 16 blocks, or one of all of them
     * @param chroma mode of both planes of chroma
     * @param coefficients of 16 blocks of Y, 4 of U, 4 of V; overwritten
     */
    static void macroblock(Vp8Planes planes, int x, int y, boolean small, int[] modes, int chroma, int[] coefficients) {
        int at = planes.atY(16 * x, 16 * y);
        int stride = planes.strideY;
        if (!small) {
            large(planes.y, at, stride, 16, modes[0], x, y);
        }
        int[] edge = new int[15];
        for (int n = 0; n < 16; n++) {
            int block = at + 4 * (n >> 2) * stride + 4 * (n & 3);
            if (small) {
                edge(planes, n, block, at, x, y, edge);
                small(planes.y, block, stride, modes[n], edge);
            }
            Vp8Transform.add(coefficients, 16 * n, planes.y, block, stride);
        }
        chroma(planes.u, planes, x, y, chroma, coefficients, 16);
        chroma(planes.v, planes, x, y, chroma, coefficients, 20);
    }

    private static void chroma(byte[] plane, Vp8Planes planes, int x, int y, int mode, int[] coefficients, int first) {
        int at = planes.atUv(8 * x, 8 * y);
        int stride = planes.strideUv;
        large(plane, at, stride, 8, mode, x, y);
        for (int n = 0; n < 4; n++) {
            int block = at + 4 * (n >> 1) * stride + 4 * (n & 1);
            Vp8Transform.add(coefficients, 16 * (first + n), plane, block, stride);
        }
    }

    /** A block of 16 × 16 or 8 × 8. */
    private static void large(byte[] plane, int at, int stride, int size, int mode, int mbX, int mbY) {
        switch (mode) {
            case DC -> {
                int sum = 0;
                int count = 0;
                for (int i = 0; i < size && mbY > 0; i++, count++) {
                    sum += plane[at - stride + i] & 0xFF;
                }
                for (int i = 0; i < size && mbX > 0; i++, count++) {
                    sum += plane[at + i * stride - 1] & 0xFF;
                }
                byte mean = (byte) (count == 0 ? 128 : (sum + count / 2) / count);
                for (int y = 0; y < size; y++) {
                    Arrays.fill(plane, at + y * stride, at + y * stride + size, mean);
                }
            }
            case TRUE_MOTION -> trueMotion(plane, at, stride, size);
            case VERTICAL -> {
                for (int y = 0; y < size; y++) {
                    System.arraycopy(plane, at - stride, plane, at + y * stride, size);
                }
            }
            default -> {
                for (int y = 0; y < size; y++) {
                    int row = at + y * stride;
                    Arrays.fill(plane, row, row + size, plane[row - 1]);
                }
            }
        }
    }

    private static void trueMotion(byte[] plane, int at, int stride, int size) {
        int corner = plane[at - stride - 1] & 0xFF;
        for (int y = 0; y < size; y++) {
            int row = at + y * stride;
            int left = (plane[row - 1] & 0xFF) - corner;
            for (int x = 0; x < size; x++) {
                int value = left + (plane[at - stride + x] & 0xFF);
                plane[row + x] = (byte) Math.max(0, Math.min(255, value));
            }
        }
    }

    /** The samples around small block {@code n}, see {@link #SMALL}. */
    private static void edge(Vp8Planes planes, int n, int block, int macroblock, int mbX, int mbY, int[] edge) {
        byte[] plane = planes.y;
        int stride = planes.strideY;
        for (int i = 0; i < 4; i++) {
            edge[1 + i] = plane[block + (3 - i) * stride - 1] & 0xFF;
        }
        for (int i = 0; i < 5; i++) {
            edge[5 + i] = plane[block - stride - 1 + i] & 0xFF;
        }
        // To the right of the last column is the row above the macroblock, which alone is known there.
        int right = (n & 3) == 3 ? macroblock - stride + 16 : block - stride + 4;
        boolean repeat = (n & 3) == 3 && mbX == planes.mbWidth - 1 && mbY > 0;
        for (int i = 0; i < 4; i++) {
            edge[10 + i] = plane[repeat ? right - 1 : right + i] & 0xFF;
        }
        edge[0] = edge[1];
        edge[14] = edge[13];
    }

    private static void small(byte[] plane, int at, int stride, int mode, int[] edge) {
        switch (mode) {
            case DC -> {
                int sum = 4;
                for (int i = 1; i <= 9; i++) {
                    sum += i == 5 ? 0 : edge[i];
                }
                for (int y = 0; y < 4; y++) {
                    Arrays.fill(plane, at + y * stride, at + y * stride + 4, (byte) (sum >> 3));
                }
            }
            case TRUE_MOTION -> trueMotion(plane, at, stride, 4);
            default -> {
                String averages = SMALL[mode - VERTICAL];
                for (int i = 0; i < 16; i++) {
                    char name = averages.charAt(i);
                    int e = name >= 'a' ? name - 'a' : name - 'A';
                    int value = name >= 'a'
                            ? (edge[e] + edge[e + 1] + 1) >> 1
                            : (edge[e - 1] + 2 * edge[e] + edge[e + 1] + 2) >> 2;
                    plane[at + (i >> 2) * stride + (i & 3)] = (byte) value;
                }
            }
        }
    }
}
