package dev.limbic.preprocess.image.codec;

/**
 * Planes of VP8 to RGB as libwebp does it by default: chroma is interpolated from the four samples around (9 : 3 : 3 : 1), and
 * converted from video range in 14 bits of fraction.
 */
final class Vp8Colour {
    private final Vp8Planes planes;
    private final int width;
    private final byte[] rgb;

    private Vp8Colour(Vp8Planes planes, int width, int height) {
        this.planes = planes;
        this.width = width;
        rgb = new byte[Pixels.CHANNELS * width * height];
    }

    static byte[] rgb(Vp8Planes planes, int width, int height) {
        Vp8Colour colour = new Vp8Colour(planes, width, height);
        for (int y = 0; y < height; y++) {
            // A row lies nearer to one row of chroma than to the other; the first and the last have but one.
            int near = y / 2;
            int far = (y & 1) == 0 ? near - 1 : near + 1;
            int last = Math.ceilDiv(height, 2) - 1;
            colour.row(y, near, Math.clamp(far, 0, last));
        }
        return colour.rgb;
    }

    private void row(int y, int nearRow, int farRow) {
        int luma = planes.atY(0, y);
        int near = planes.atUv(0, nearRow);
        int far = planes.atUv(0, farRow);
        int to = Pixels.CHANNELS * width * y;
        int nearLeft = both(near);
        int farLeft = both(far);
        put(to, planes.y[luma], (3 * nearLeft + farLeft + 0x20002) >>> 2);
        int pairs = (width - 1) >> 1;
        for (int x = 1; x <= pairs; x++) {
            int nearHere = both(near + x);
            int farHere = both(far + x);
            int sum = nearLeft + nearHere + farLeft + farHere + 0x80008;
            int inner = (sum + 2 * (nearHere + farLeft)) >>> 3;
            int outer = (sum + 2 * (nearLeft + farHere)) >>> 3;
            put(to + 3 * (2 * x - 1), planes.y[luma + 2 * x - 1], (inner + nearLeft) >>> 1);
            put(to + 3 * (2 * x), planes.y[luma + 2 * x], (outer + nearHere) >>> 1);
            nearLeft = nearHere;
            farLeft = farHere;
        }
        if ((width & 1) == 0) {
            put(to + 3 * (width - 1), planes.y[luma + width - 1], (3 * nearLeft + farLeft + 0x20002) >>> 2);
        }
    }

    /** U in the lower half, V in the upper. */
    private int both(int at) {
        return (planes.u[at] & 0xFF) | (planes.v[at] & 0xFF) << 16;
    }

    private void put(int to, byte luma, int chroma) {
        int y = ((luma & 0xFF) * 19077) >> 8;
        int u = chroma & 0xFF;
        int v = chroma >>> 16 & 0xFF;
        rgb[to] = clamp(y + ((v * 26149) >> 8) - 14234);
        rgb[to + 1] = clamp(y - ((u * 6419) >> 8) - ((v * 13320) >> 8) + 8708);
        rgb[to + 2] = clamp(y + ((u * 33050) >> 8) - 17685);
    }

    private static byte clamp(int value) {
        return (byte) (Math.max(0, Math.min((256 << 6) - 1, value)) >> 6);
    }
}
