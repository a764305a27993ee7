package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.ImageSource.PixelFormat;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.LimbicException;

/**
 * Samples as they lie in memory to RGB. Luma and chroma follow BT.601 in video range (luma 16…235), chroma is repeated, in
 * 20 bits of fraction: what OpenCV's conversions of the same names give.
 */
final class RawPixels {
    private static final int SHIFT = 20;
    private static final int HALF = 1 << (SHIFT - 1);
    private static final int LUMA = 1220542;
    private static final int R_V = 1673527;
    private static final int G_U = -409993;
    private static final int G_V = -852492;
    private static final int B_U = 2116026;

    private RawPixels() {}

    static Pixels decode(RawImage raw, ImageLimits limits, boolean onWhite) {
        limits.requireSize("raw picture", raw.width(), raw.height());
        int sample = switch (raw.format()) {
            case RGB -> 3;
            case RGBA, BGRA -> 4;
            case GREY, NV12, I420 -> 1;
        };
        int tight = sample * raw.width() + (raw.format() == PixelFormat.NV12 ? raw.width() & 1 : 0);
        int stride = raw.stride() == 0 ? tight : raw.stride();
        if (stride < tight) {
            throw new LimbicException.Invalid("raw picture: expected a stride of at least " + tight + " bytes for "
                    + raw.width() + " pixels of " + raw.format() + ", found " + stride);
        }
        if (raw.format() == PixelFormat.RGB && raw.bytes().length == tight * raw.height() && stride == tight) {
            return new Pixels(raw.width(), raw.height(), raw.bytes()); // as faces are, cut out of a picture
        }
        byte[] rgb = new byte[Pixels.CHANNELS * raw.width() * raw.height()];
        switch (raw.format()) {
            case RGB, RGBA, BGRA, GREY -> {
                requireBytes(raw, (long) stride * (raw.height() - 1) + tight);
                interleaved(raw, stride, sample, onWhite, rgb);
            }
            case NV12 -> {
                long halves = Math.ceilDiv(raw.height(), 2);
                requireBytes(raw, stride * (raw.height() + halves - 1) + tight);
                int plane = stride * raw.height();
                video(raw, stride, plane, plane + 1, stride, 2, rgb);
            }
            case I420 -> {
                int half = (int) ((stride + 1L) / 2);
                int width = Math.ceilDiv(raw.width(), 2);
                long rows = Math.ceilDiv(raw.height(), 2);
                long luma = (long) stride * raw.height();
                requireBytes(raw, luma + half * (2 * rows - 1) + width);
                video(raw, stride, (int) luma, (int) (luma + half * rows), half, 1, rgb);
            }
        }
        return new Pixels(raw.width(), raw.height(), rgb);
    }

    private static void requireBytes(RawImage raw, long needed) {
        if (raw.bytes().length < needed) {
            throw new LimbicException.Invalid("raw picture: expected " + needed + " bytes for " + raw.width() + " × "
                    + raw.height() + " pixels of " + raw.format() + ", found " + raw.bytes().length);
        }
    }

    private static void interleaved(RawImage raw, int stride, int sample, boolean onWhite, byte[] rgb) {
        byte[] from = raw.bytes();
        boolean grey = sample == 1;
        int red = raw.format() == PixelFormat.BGRA ? 2 : 0;
        int green = grey ? 0 : 1;
        int blue = grey ? 0 : 2 - red;
        int to = 0;
        for (int y = 0; y < raw.height(); y++) {
            int at = y * stride;
            for (int x = 0; x < raw.width(); x++, at += sample, to += 3) {
                rgb[to] = from[at + red];
                rgb[to + 1] = from[at + green];
                rgb[to + 2] = from[at + blue];
                if (onWhite && sample == 4) {
                    Ground.white(rgb, to, from[at + 3] & 0xFF);
                }
            }
        }
    }

    /**
     * @param us where U begins
     * @param vs where V begins
     * @param stride of the chroma, in bytes
     * @param step from one U to the next
     */
    private static void video(RawImage raw, int lumaStride, int us, int vs, int stride, int step, byte[] rgb) {
        byte[] from = raw.bytes();
        int to = 0;
        for (int y = 0; y < raw.height(); y++) {
            int chroma = y / 2 * stride;
            for (int x = 0; x < raw.width(); x++, to += 3) {
                int luma = Math.max(0, (from[y * lumaStride + x] & 0xFF) - 16) * LUMA + HALF;
                int u = (from[us + chroma + x / 2 * step] & 0xFF) - 128;
                int v = (from[vs + chroma + x / 2 * step] & 0xFF) - 128;
                rgb[to] = clamp((luma + R_V * v) >> SHIFT);
                rgb[to + 1] = clamp((luma + G_U * u + G_V * v) >> SHIFT);
                rgb[to + 2] = clamp((luma + B_U * u) >> SHIFT);
            }
        }
    }

    private static byte clamp(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }
}
