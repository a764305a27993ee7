package dev.limbic.ops;

/**
 * What slides over a picture.
 *
 * @param height rows that it covers, holes of a dilation included
 * @param width pixels of a row that it covers
 * @param stride pixels from one place to the next, down and to the right
 */
record Window(int height, int width, int stride, Padding padding) {
    /** One value per place, whole windows only; wrong sizes are an error of the operation. */
    Planes over(String operation, Planes planes) {
        Padding.Pixels p = padding.around(planes, height, width, stride);
        int h = planes.h() + p.top() + p.bottom() - height;
        int w = planes.w() + p.left() + p.right() - width;
        if (h < 0 || w < 0) {
            throw new IllegalArgumentException(operation + ": pictures of at least " + (height - p.top() - p.bottom())
                    + " × " + (width - p.left() - p.right()) + " expected, found " + planes.h() + " × " + planes.w());
        }
        return planes.sized(h / stride + 1, w / stride + 1);
    }
}
