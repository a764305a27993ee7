package dev.limbic.ops;

/**
 * Pictures that lie as rows: channels last, [n·h·w, C], row (i·h + y)·w + x being pixel (y, x) of picture i. So what works
 * on rows (linear layers, which are 1 × 1 convolutions, norms, sums) works on pictures as they are.
 *
 * @param n pictures
 * @param h rows of pixels of each
 * @param w pixels in a row
 */
public record Planes(int n, int h, int w) {
    public Planes {
        if (n < 1 || h < 1 || w < 1 || (long) n * h > Integer.MAX_VALUE / w) {
            throw new IllegalArgumentException(
                    "planes: positive sizes of at most 2³¹ − 1 pixels together expected, found " + n + " × " + h + " × "
                            + w);
        }
    }

    /** Pixels of one picture. */
    public int pixels() {
        return h * w;
    }

    /** Rows of the tensor: pixels of all pictures. */
    public int rows() {
        return n * h * w;
    }

    /** As many pictures of another size. */
    public Planes sized(int height, int width) {
        return new Planes(n, height, width);
    }
}
