package dev.limbic.preprocess.image;

import dev.limbic.domain.LimbicException;

/** A rectangle in a picture, in pixels from its top left; it may reach out of the picture. */
public record Box(float left, float top, float width, float height) {
    public Box {
        boolean finite = Float.isFinite(left + top + width + height);
        if (!finite || !(width > 0) || !(height > 0)) {
            throw new LimbicException.Invalid("box: expected finite numbers and a positive size, found " + left + ", "
                    + top + ", " + width + " × " + height);
        }
    }
}
