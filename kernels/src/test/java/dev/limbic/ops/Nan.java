package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;

/** NaN stays visible in the row or sequence where it arose, and touches no other. */
final class Nan {
    private Nan() {}

    /** The usual NaN, those with every bit of the payload set, and one whose payload is only in the low bits. */
    static float[] nans() {
        return new float[] {
            Float.NaN,
            Float.intBitsToFloat(0x7FFFFFFF),
            Float.intBitsToFloat(0xFFFFFFFF),
            Float.intBitsToFloat(0x7FC00001)
        };
    }

    /** Rows {@code from … to − 1} of y are NaN throughout; all others are as without NaN. */
    static void check(String what, float[] y, float[] clean, int columns, int from, int to) {
        for (int i = 0; i < y.length; i++) {
            int row = i / columns;
            String where = what + " row " + row + " column " + i % columns;
            if (row >= from && row < to) {
                assertThat(y[i]).as(where).isNaN();
            } else {
                same(where, y[i], clean[i]);
            }
        }
    }

    /** Not bit for bit: the order of a sum over the lanes of a vector is not specified. */
    static void same(String what, float actual, float expected) {
        assertThat(Math.abs(actual - expected))
                .as("%s: %s without NaN, now %s", what, expected, actual)
                .isLessThanOrEqualTo(1e-5f + 0x1p-7f * Math.abs(expected));
    }
}
