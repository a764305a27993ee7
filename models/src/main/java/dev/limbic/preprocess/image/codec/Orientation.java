package dev.limbic.preprocess.image.codec;

/**
 * How a camera was held, as its EXIF data say (tag 0x0112 of the first directory; Exif 2.32, 4.6.4). Data that make no
 * sense are no reason to refuse a picture: it is then upright.
 */
final class Orientation {
    static final int UPRIGHT = 1;

    private static final int TAG = 0x0112;
    private static final int SHORT = 3;

    private Orientation() {}

    /** 1…8, from a TIFF header and what follows it. */
    static int ofExif(byte[] data, int from, int length) {
        if (length < 14) {
            return UPRIGHT;
        }
        boolean little = data[from] == 'I' && data[from + 1] == 'I';
        if ((!little && !(data[from] == 'M' && data[from + 1] == 'M')) || u16(data, from + 2, little) != 42) {
            return UPRIGHT;
        }
        long directory = u32(data, from + 4, little);
        if (directory < 8 || directory > length - 2) {
            return UPRIGHT;
        }
        int at = from + (int) directory;
        int entries = u16(data, at, little);
        for (int i = 0; i < entries && at + 2 + 12 * (i + 1) <= from + length; i++) {
            int entry = at + 2 + 12 * i;
            if (u16(data, entry, little) == TAG && u16(data, entry + 2, little) == SHORT) {
                int value = u16(data, entry + 8, little);
                return value >= 1 && value <= 8 ? value : UPRIGHT;
            }
        }
        return UPRIGHT;
    }

    private static int u16(byte[] data, int at, boolean little) {
        int a = data[at] & 0xFF;
        int b = data[at + 1] & 0xFF;
        return little ? a | b << 8 : a << 8 | b;
    }

    private static long u32(byte[] data, int at, boolean little) {
        long a = u16(data, at, little);
        long b = u16(data, at + 2, little);
        return little ? a | b << 16 : a << 16 | b;
    }

    /** The picture as it was seen. */
    static Pixels upright(Pixels picture, int orientation) {
        if (orientation == UPRIGHT) {
            return picture;
        }
        int width = picture.width();
        int height = picture.height();
        byte[] from = picture.rgb();
        byte[] to = new byte[from.length];
        boolean turned = orientation >= 5;
        int outWidth = turned ? height : width;
        int outHeight = turned ? width : height;
        int at = 0;
        for (int y = 0; y < outHeight; y++) {
            for (int x = 0; x < outWidth; x++, at += 3) {
                int u = turned ? y : x;
                int v = turned ? x : y;
                boolean flipU = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
                boolean flipV = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
                int source = 3 * ((flipV ? height - 1 - v : v) * width + (flipU ? width - 1 - u : u));
                to[at] = from[source];
                to[at + 1] = from[source + 1];
                to[at + 2] = from[source + 2];
            }
        }
        return new Pixels(outWidth, outHeight, to);
    }
}
