package dev.limbic.preprocess.image.codec;

/**
 * A transform of lossless WebP (RFC 9649, 3.4), undone after the pixels are known.
 *
 * @param width of the picture when it is undone
 * @param bits logarithm of the side of a tile; of a palette the logarithm of how many pixels one holds
 * @param data a pixel for each tile, or the palette
 */
record Vp8lTransform(int kind, int width, int bits, int[] data) {
    static final int PREDICTOR = 0;
    static final int CROSS_COLOUR = 1;
    static final int SUBTRACT_GREEN = 2;
    private static final int PALETTE = 3;
    private static final int BLACK = 0xFF000000;

    int packedWidth() {
        return kind == PALETTE ? Vp8lDecoder.tiles(width, bits) : width;
    }

    int[] undo(int[] pixels, int height) {
        return switch (kind) {
            case PREDICTOR -> predicted(pixels, height);
            case CROSS_COLOUR -> crossed(pixels, height);
            case SUBTRACT_GREEN -> greened(pixels);
            default -> looked(pixels, height);
        };
    }

    private static int[] greened(int[] pixels) {
        for (int i = 0; i < pixels.length; i++) {
            int green = pixels[i] >>> 8 & 0xFF;
            pixels[i] = add(pixels[i], green << 16 | green);
        }
        return pixels;
    }

    private int[] looked(int[] pixels, int height) {
        int[] out = new int[width * height];
        int packed = packedWidth();
        int size = 8 >> bits;
        for (int y = 0, to = 0; y < height; y++) {
            for (int x = 0; x < width; x++, to++) {
                int green = pixels[y * packed + (x >> bits)] >>> 8 & 0xFF;
                int place = x & (1 << bits) - 1;
                out[to] = data[green >> (place * size) & (1 << size) - 1];
            }
        }
        return out;
    }

    private int[] crossed(int[] pixels, int height) {
        int perRow = Vp8lDecoder.tiles(width, bits);
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < width; x++, at++) {
                int factors = data[(y >> bits) * perRow + (x >> bits)];
                int pixel = pixels[at];
                byte green = (byte) (pixel >> 8);
                int red = (pixel >> 16) + (((byte) factors * green) >> 5) & 0xFF;
                int blue =
                        pixel + (((byte) (factors >> 8) * green) >> 5) + (((byte) (factors >> 16) * (byte) red) >> 5);
                pixels[at] = (pixel & 0xFF00FF00) | red << 16 | (blue & 0xFF);
            }
        }
        return pixels;
    }

    private int[] predicted(int[] p, int height) {
        int perRow = Vp8lDecoder.tiles(width, bits);
        p[0] = add(p[0], BLACK);
        for (int x = 1; x < width; x++) {
            p[x] = add(p[x], p[x - 1]);
        }
        for (int y = 1; y < height; y++) {
            int row = y * width;
            p[row] = add(p[row], p[row - width]);
            for (int x = 1; x < width; x++) {
                int mode = data[(y >> bits) * perRow + (x >> bits)] >>> 8 & 15;
                p[row + x] = add(p[row + x], prediction(mode, p, row + x));
            }
        }
        return p;
    }

    private int prediction(int mode, int[] p, int at) {
        int left = p[at - 1];
        int top = p[at - width];
        int corner = p[at - width - 1];
        int right = p[at - width + 1]; // at the end of a row its first pixel, as the format has it
        return switch (mode) {
            case 1 -> left;
            case 2 -> top;
            case 3 -> right;
            case 4 -> corner;
            case 5 -> mean(mean(left, right), top);
            case 6 -> mean(left, corner);
            case 7 -> mean(left, top);
            case 8 -> mean(corner, top);
            case 9 -> mean(top, right);
            case 10 -> mean(mean(left, corner), mean(top, right));
            case 11 -> distance(corner, top) < distance(corner, left) ? left : top;
            case 12 -> clamped(left, top, corner, 1);
            case 13 -> clamped(mean(left, top), mean(left, top), corner, 2);
            default -> BLACK;
        };
    }

    /** Each of the four samples added, without a carry to the next. */
    static int add(int a, int b) {
        return ((a & 0xFF00FF00) + (b & 0xFF00FF00) & 0xFF00FF00) | ((a & 0xFF00FF) + (b & 0xFF00FF) & 0xFF00FF);
    }

    private static int mean(int a, int b) {
        return ((a ^ b) >>> 1 & 0x7F7F7F7F) + (a & b);
    }

    private static int distance(int a, int b) {
        int sum = 0;
        for (int shift = 0; shift < 32; shift += 8) {
            sum += Math.abs((a >>> shift & 0xFF) - (b >>> shift & 0xFF));
        }
        return sum;
    }

    /** Of each sample {@code a + (b − c) / divisor}, within its bounds. */
    private static int clamped(int a, int b, int c, int divisor) {
        int result = 0;
        for (int shift = 0; shift < 32; shift += 8) {
            int value = (a >>> shift & 0xFF) + ((b >>> shift & 0xFF) - (c >>> shift & 0xFF)) / divisor;
            result |= Math.max(0, Math.min(255, value)) << shift;
        }
        return result;
    }
}
