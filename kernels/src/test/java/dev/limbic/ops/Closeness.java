package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.limbic.tensor.DType;
import java.util.Arrays;
import java.util.Locale;

/** Comparison with an oracle, element by element: |actual − expected| ≤ atol + eps·|expected|. */
record Closeness(double atol, double eps) {
    /** For one operation on operands of this type with results of about unit size, accumulated in f32. */
    static Closeness of(DType type) {
        return switch (type) {
            case F32 -> new Closeness(2e-5, 1e-5);
            // The result is rounded to 8 bits: half a unit in the last place is at most 2⁻⁸ of it.
            case BF16 -> new Closeness(1e-4, 0x1p-8);
            case F16 -> new Closeness(1e-4, 0x1p-10);
            case I8, U8, I32, I64 -> new Closeness(0, 0);
        };
    }

    /** For two operations in one call: what is between them may be rounded to the activations' type once, or a bias added after that. */
    static Closeness fused(DType type) {
        return switch (type) {
            case F32 -> new Closeness(5e-5, 5e-5);
            case BF16 -> new Closeness(6e-2, 2e-2);
            default -> new Closeness(8e-3, 3e-3);
        };
    }

    void check(String what, float[] actual, double[] expected) {
        check(what, actual, expected, new double[expected.length]);
    }

    /**
     * Fails with the worst element: the one that exceeds its tolerance by the largest factor.
     *
     * @param allowance further tolerance of each element
     */
    void check(String what, float[] actual, double[] expected, double[] allowance) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        int worst = -1;
        double worstRatio = 1;
        for (int i = 0; i < actual.length; i++) {
            double error = Math.abs(actual[i] - expected[i]);
            double ratio = error / allowed(expected, allowance, i);
            if (Double.isNaN(ratio) && actual[i] != expected[i] && !bothNaN(actual[i], expected[i])) {
                ratio = Double.POSITIVE_INFINITY;
            }
            if (ratio > worstRatio) {
                worst = i;
                worstRatio = ratio;
            }
        }
        if (worst >= 0) {
            fail(String.format(
                    Locale.ROOT,
                    "%s: element %d of %d is %s, expected %s; off by %.3g, allowed %.3g (%.3g times too much)",
                    what,
                    worst,
                    actual.length,
                    actual[worst],
                    expected[worst],
                    Math.abs(actual[worst] - expected[worst]),
                    allowed(expected, allowance, worst),
                    worstRatio));
        }
    }

    private double allowed(double[] expected, double[] allowance, int i) {
        return atol + eps * Math.abs(expected[i]) + allowance[i];
    }

    private static boolean bothNaN(float actual, double expected) {
        return Float.isNaN(actual) && Double.isNaN(expected);
    }

    /** For results of about this size. */
    Closeness scaled(double size) {
        return new Closeness(size * atol, eps);
    }

    /** For two results that were each rounded after sums in an order of their own. */
    Closeness twice() {
        return new Closeness(2 * atol, 2 * eps);
    }

    /** Two results of the device itself. */
    void checkSame(String what, float[] actual, float[] other) {
        checkSame(what, actual, other, new double[other.length]);
    }

    void checkSame(String what, float[] actual, float[] other, double[] allowance) {
        double[] expected = new double[other.length];
        Arrays.setAll(expected, i -> other[i]);
        check(what, actual, expected, allowance);
    }
}
