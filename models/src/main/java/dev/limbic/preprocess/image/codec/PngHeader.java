package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;

/**
 * What the IHDR chunk of a PNG says.
 *
 * @param depth bits a sample: 1, 2, 4, 8 or 16
 * @param colour type of colour, as the standard numbers them
 */
record PngHeader(int width, int height, int depth, int colour, boolean interlaced) {
    static final int GREY = 0;
    static final int RGB = 2;
    static final int PALETTE = 3;
    static final int GREY_ALPHA = 4;
    static final int RGBA = 6;

    static PngHeader read(byte[] data, int at, int length, ImageLimits limits) {
        if (length != 13) {
            throw new LimbicException.Invalid("PNG: damaged: its header has " + length + " bytes");
        }
        long width = PngDecoder.int32(data, at) & 0xFFFFFFFFL;
        long height = PngDecoder.int32(data, at + 4) & 0xFFFFFFFFL;
        limits.requireSize("PNG", width, height);
        int depth = data[at + 8];
        int colour = data[at + 9];
        boolean known = switch (colour) {
            case GREY -> depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
            case PALETTE -> depth == 1 || depth == 2 || depth == 4 || depth == 8;
            case RGB, GREY_ALPHA, RGBA -> depth == 8 || depth == 16;
            default -> false;
        };
        if (!known || data[at + 10] != 0 || data[at + 11] != 0 || (data[at + 12] & ~1) != 0) {
            throw new LimbicException.Invalid("PNG: damaged: its header names colours of type " + colour + " with "
                    + depth + " bits, compression " + data[at + 10] + ", filter " + data[at + 11] + ", interlace "
                    + data[at + 12]);
        }
        return new PngHeader((int) width, (int) height, depth, colour, data[at + 12] == 1);
    }

    int bitsPerPixel() {
        return depth
                * switch (colour) {
                    case RGB -> 3;
                    case GREY_ALPHA -> 2;
                    case RGBA -> 4;
                    default -> 1;
                };
    }
}
