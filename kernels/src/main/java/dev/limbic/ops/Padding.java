package dev.limbic.ops;

/** Zeros around a picture, as a convolution or pooling sees it. */
public sealed interface Padding {
    /** None: only windows that lie wholly inside ("valid"). */
    Padding NONE = new Pixels(0, 0, 0, 0);

    /** As much as makes the result ⌈size / stride⌉, an odd pixel below and right ("same", as TensorFlow does it). */
    Padding SAME = new Same();

    /** The same number of pixels on all sides. */
    static Padding all(int pixels) {
        return new Pixels(pixels, pixels, pixels, pixels);
    }

    /**
     * The pixels around a picture of this size.
     *
     * @param windowHeight rows that it covers, holes of a dilation included
     * @param windowWidth pixels of a row that it covers
     */
    Pixels around(Planes planes, int windowHeight, int windowWidth, int stride);

    /** So many pixels. */
    record Pixels(int top, int left, int bottom, int right) implements Padding {
        public Pixels {
            if (Math.min(Math.min(top, left), Math.min(bottom, right)) < 0) {
                throw new IllegalArgumentException("padding: no negative numbers expected, found " + top + ", " + left
                        + ", " + bottom + ", " + right);
            }
        }

        @Override
        public Pixels around(Planes planes, int windowHeight, int windowWidth, int stride) {
            return this;
        }
    }

    /** See {@link #SAME}. */
    record Same() implements Padding {
        @Override
        public Pixels around(Planes planes, int windowHeight, int windowWidth, int stride) {
            int rows = missing(planes.h(), windowHeight, stride);
            int columns = missing(planes.w(), windowWidth, stride);
            return new Pixels(rows / 2, columns / 2, rows - rows / 2, columns - columns / 2);
        }

        private static int missing(int size, int window, int stride) {
            return Math.max(0, (Math.ceilDiv(size, stride) - 1) * stride + window - size);
        }
    }
}
