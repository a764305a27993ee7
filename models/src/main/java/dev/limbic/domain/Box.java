package dev.limbic.domain;

/**
 * A rectangle in a picture, in shares of its width and height from the upper left corner; it may reach out of the picture.
 *
 * @param x left edge
 * @param y upper edge
 */
public record Box(float x, float y, float width, float height) {
    /** The whole picture. */
    public static final Box WHOLE = new Box(0, 0, 1, 1);

    public Box {
        boolean finite = Float.isFinite(x + y + width + height);
        if (!finite || !(width > 0) || !(height > 0)) {
            throw new LimbicException.Invalid("box: expected finite numbers and a positive size, found " + x + ", " + y
                    + ", " + width + " × " + height);
        }
    }

    /** Intersection over union with another one, 0 to 1. */
    public double overlap(Box other) {
        double shared = shared(x, width, other.x, other.width) * shared(y, height, other.y, other.height);
        return shared / ((double) width * height + (double) other.width * other.height - shared);
    }

    private static double shared(double from, double length, double otherFrom, double otherLength) {
        return Math.max(0, Math.min(from + length, otherFrom + otherLength) - Math.max(from, otherFrom));
    }
}
