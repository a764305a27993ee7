package dev.limbic.ops;

/**
 * Pooling of the pixels in a window that slides over each picture.
 *
 * @param countPadding whether a mean is over the whole window, zeros around the picture included, or over its pixels only
 */
public record Pool2d(Pooling pooling, int height, int width, int stride, Padding padding, boolean countPadding) {
    public Pool2d {
        if (Math.min(stride, Math.min(height, width)) < 1) {
            throw new IllegalArgumentException(
                    "pool2d: a positive window and stride expected, found " + height + " × " + width + ", " + stride);
        }
        if (padding instanceof Padding.Pixels p
                && (Math.max(p.top(), p.bottom()) >= height || Math.max(p.left(), p.right()) >= width)) {
            throw new IllegalArgumentException("pool2d: padding less than the window expected, found " + padding);
        }
    }

    /** A square window; means are over pixels only. */
    public static Pool2d of(Pooling pooling, int size, int stride, Padding padding) {
        return new Pool2d(pooling, size, size, stride, padding, false);
    }

    /** Sizes of the result. */
    public Planes result(Planes planes) {
        return new Window(height, width, stride, padding).over("pool2d", planes);
    }

    /** What lies around pictures of this size. */
    public Padding.Pixels padding(Planes planes) {
        return padding.around(planes, height, width, stride);
    }
}
