package dev.limbic.preprocess.image;

import dev.limbic.domain.LimbicException;
import dev.limbic.preprocess.image.codec.Pixels;

/** Cuts what a box shows out of a picture. */
public final class FaceCrop {
    private FaceCrop() {}

    /**
     * The part of a picture that a box shows, as far as the picture reaches.
     *
     * @param margin how much more is taken on each side, as a share of the box's size; 0 for none
     * @param square whether black is added at the two short sides, so that the result is a square with the face in the middle
     * @throws LimbicException.Invalid if nothing of the picture is in the box
     */
    public static Pixels of(Pixels picture, Box box, float margin, boolean square) {
        int left = edge(box.left() - margin * box.width(), picture.width());
        int right = edge(box.left() + (1 + margin) * box.width(), picture.width());
        int top = edge(box.top() - margin * box.height(), picture.height());
        int bottom = edge(box.top() + (1 + margin) * box.height(), picture.height());
        int width = right - left;
        int height = bottom - top;
        if (width < 1 || height < 1) {
            throw new LimbicException.Invalid("box: expected one that shows a pixel of a picture of " + picture.width()
                    + " × " + picture.height() + ", found " + box);
        }
        int outWidth = square ? Math.max(width, height) : width;
        int outHeight = square ? outWidth : height;
        byte[] out = new byte[Pixels.CHANNELS * outWidth * outHeight];
        int to = Pixels.CHANNELS * ((outHeight - height) / 2 * outWidth + (outWidth - width) / 2);
        for (int y = 0; y < height; y++) {
            System.arraycopy(
                    picture.rgb(),
                    Pixels.CHANNELS * ((top + y) * picture.width() + left),
                    out,
                    to + Pixels.CHANNELS * y * outWidth,
                    Pixels.CHANNELS * width);
        }
        return new Pixels(outWidth, outHeight, out);
    }

    private static int edge(float at, int size) {
        return Math.clamp(Math.round((double) at), 0, size);
    }
}
