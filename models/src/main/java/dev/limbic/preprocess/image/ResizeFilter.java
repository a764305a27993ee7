package dev.limbic.preprocess.image;

import org.jspecify.annotations.Nullable;

/** How a picture is made larger or smaller; numbered as in Pillow. */
public enum ResizeFilter {
    /** The sample that lies nearest. */
    NEAREST(0, 0),
    /** A triangle. */
    BILINEAR(2, 1),
    /** A cubic with a = −0.5 (Keys 1981). */
    BICUBIC(3, 2);

    private final int number;

    /** Samples to each side that have a weight, where the size stays. */
    final int support;

    ResizeFilter(int number, int support) {
        this.number = number;
        this.support = support;
    }

    /** The filter of a {@code resample} key, or null where it is none of these. */
    static @Nullable ResizeFilter of(int number) {
        for (ResizeFilter filter : values()) {
            if (filter.number == number) {
                return filter;
            }
        }
        return null;
    }

    /** The weight of a sample at a distance, not normalised. */
    double weight(double distance) {
        double x = Math.abs(distance);
        if (x >= support) {
            return 0;
        }
        if (this == BILINEAR) {
            return 1 - x;
        }
        double a = -0.5;
        return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : (((x - 5) * x + 8) * x - 4) * a;
    }
}
