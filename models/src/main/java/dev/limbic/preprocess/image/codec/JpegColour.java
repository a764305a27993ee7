package dev.limbic.preprocess.image.codec;

/**
 * Planes of a JPEG to interleaved RGB: chroma is interpolated with a triangle filter where it has half the size, repeated
 * elsewhere, and converted in 16 bits of fraction, all to the last bit as libjpeg-turbo does it by default.
 */
final class JpegColour {
    static final int NO_ADOBE = -1;

    private static final int ADOBE_RGB = 0;
    static final int HALF = 1 << 15;
    static final int R_CR = 91881;
    static final int G_CB = 22554;
    static final int G_CR = 46802;
    static final int B_CB = 116130;

    private final JpegFrame frame;
    private final byte[][] planes;
    private final boolean luma;

    /** A row of each component at full width. */
    private final short[] rows;

    /** Sums of two rows of samples, and one pixel's worth of output. */
    private final int[] sums;

    private final int rowLength;

    /** @param adobe the colour transform that an Adobe marker names, or {@link #NO_ADOBE} */
    JpegColour(JpegFrame frame, byte[][] planes, boolean jfif, int adobe, Scratch scratch) {
        this.frame = frame;
        this.planes = planes;
        luma = switch (frame.components.length) {
            case 3 -> jfif || (adobe != ADOBE_RGB && (adobe != NO_ADOBE || !namedRgb()));
            case 4 -> adobe != NO_ADOBE && adobe != ADOBE_RGB;
            default -> false;
        };
        rowLength = 8 * frame.maxH * frame.mcusX + 16;
        rows = scratch.rows(frame.components.length * rowLength);
        sums = scratch.ints(rowLength);
    }

    private boolean namedRgb() {
        return frame.components[0].id == 'R' && frame.components[1].id == 'G' && frame.components[2].id == 'B';
    }

    byte[] rgb(boolean vectors) {
        byte[] rgb = new byte[Pixels.CHANNELS * frame.width * frame.height];
        int count = frame.components.length;
        for (int y = 0; y < frame.height; y++) {
            for (int i = 0; i < count; i++) {
                row(i, y, vectors);
            }
            int at = Pixels.CHANNELS * frame.width * y;
            if (count == 1) {
                grey(rgb, at);
            } else if (luma) {
                int done = vectors ? JpegVectors.convert(rows, rowLength, rgb, at, frame.width, sums) : 0;
                convert(rgb, at, done);
            } else {
                copy(rgb, at);
            }
            if (count == 4) {
                ink(rgb, at);
            }
        }
        return rgb;
    }

    /** One row of a component at the picture's width. */
    private void row(int index, int y, boolean vectors) {
        JpegFrame.Component part = frame.components[index];
        byte[] plane = planes[index];
        int stride = 8 * part.stride;
        int to = index * rowLength;
        int stretchX = frame.maxH / part.h;
        int stretchY = frame.maxV / part.v;
        boolean wide = part.width > 2;
        if (vectors && stretchX == 1 && stretchY == 1) {
            JpegVectors.widen(plane, y * stride, stride, rows, to);
        } else if (stretchX == 2 && stretchY == 1 && wide) {
            stretch(plane, y * stride, to, part.width);
        } else if (stretchX == 2 && stretchY == 2 && wide) {
            int near = y / 2 * stride;
            int far = neighbour(part, y) * stride;
            if (vectors) {
                JpegVectors.stretch(plane, near, far, part.width, sums, rows, to);
            } else {
                stretch(plane, near, far, to, part.width);
            }
        } else if (stretchX == 1 && stretchY == 2) {
            between(plane, y / 2 * stride, neighbour(part, y) * stride, to, (y & 1) == 0 ? 1 : 2);
        } else {
            repeat(plane, y / stretchY * stride, to, stretchX);
        }
    }

    /** The row that lies beside the one of output row {@code y}, at the borders that row itself. */
    private static int neighbour(JpegFrame.Component part, int y) {
        return Math.clamp(y / 2 + ((y & 1) == 0 ? -1 : 1), 0, part.height - 1);
    }

    private void repeat(byte[] plane, int from, int to, int stretch) {
        if (stretch == 1) {
            for (int x = 0; x < frame.width; x++) {
                rows[to + x] = (short) (plane[from + x] & 0xFF);
            }
        } else {
            for (int x = 0; x < frame.width; x++) {
                rows[to + x] = (short) (plane[from + x / stretch] & 0xFF);
            }
        }
    }

    private void between(byte[] plane, int near, int far, int to, int rounding) {
        for (int x = 0; x < frame.width; x++) {
            rows[to + x] = (short) ((3 * (plane[near + x] & 0xFF) + (plane[far + x] & 0xFF) + rounding) >> 2);
        }
    }

    private void stretch(byte[] plane, int from, int to, int length) {
        int last = plane[from] & 0xFF;
        int here = last;
        for (int x = 0; x < length; x++) {
            int next = x + 1 < length ? plane[from + x + 1] & 0xFF : here;
            rows[to + 2 * x] = (short) ((3 * here + last + 1) >> 2);
            rows[to + 2 * x + 1] = (short) ((3 * here + next + 2) >> 2);
            last = here;
            here = next;
        }
    }

    private void stretch(byte[] plane, int near, int far, int to, int length) {
        for (int x = 0; x < length; x++) {
            sums[x] = 3 * (plane[near + x] & 0xFF) + (plane[far + x] & 0xFF);
        }
        int last = sums[0];
        int here = last;
        for (int x = 0; x < length; x++) {
            int next = x + 1 < length ? sums[x + 1] : here;
            rows[to + 2 * x] = (short) ((3 * here + last + 8) >> 4);
            rows[to + 2 * x + 1] = (short) ((3 * here + next + 7) >> 4);
            last = here;
            here = next;
        }
    }

    private void grey(byte[] rgb, int from) {
        int at = from;
        for (int x = 0; x < frame.width; x++, at += 3) {
            byte value = (byte) rows[x];
            rgb[at] = value;
            rgb[at + 1] = value;
            rgb[at + 2] = value;
        }
    }

    private void copy(byte[] rgb, int from) {
        int at = from;
        for (int x = 0; x < frame.width; x++, at += 3) {
            rgb[at] = (byte) rows[x];
            rgb[at + 1] = (byte) rows[rowLength + x];
            rgb[at + 2] = (byte) rows[2 * rowLength + x];
        }
    }

    private void convert(byte[] rgb, int row, int from) {
        int at = row + 3 * from;
        for (int x = from; x < frame.width; x++, at += 3) {
            int y = rows[x];
            int cb = rows[rowLength + x] - 128;
            int cr = rows[2 * rowLength + x] - 128;
            rgb[at] = clamp(y + ((R_CR * cr + HALF) >> 16));
            rgb[at + 1] = clamp(y + ((HALF - G_CB * cb - G_CR * cr) >> 16));
            rgb[at + 2] = clamp(y + ((B_CB * cb + HALF) >> 16));
        }
    }

    /**
     * Four inks to RGB as Pillow has it. Files hold the inks' complements, as Adobe writes them; of YCCK the conversion
     * above gives the complements of those.
     */
    private void ink(byte[] rgb, int from) {
        int blacks = 3 * rowLength;
        for (int x = 0; x < frame.width; x++) {
            int light = rows[blacks + x];
            for (int at = from + 3 * x; at < from + 3 * x + 3; at++) {
                int ink = luma ? rgb[at] & 0xFF : 255 - (rgb[at] & 0xFF);
                int product = ink * light + 128;
                rgb[at] = clamp(light - (((product >> 8) + product) >> 8));
            }
        }
    }

    private static byte clamp(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }
}
