package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads a WebP (RFC 9649), lossy or lossless, with the colours that libwebp gives. One decoder reads one picture. */
final class WebpDecoder {
    private static final int HEADER = 12;
    private static final int ANIMATED = 2;

    private final byte[] data;
    private final ImageLimits limits;
    private final Scratch scratch;
    private final boolean onWhite;
    private int canvasWidth;
    private int canvasHeight;
    private int alphaAt;
    private int alphaLength;
    private int orientation = Orientation.UPRIGHT;
    private @Nullable Pixels picture;

    WebpDecoder(byte[] data, ImageLimits limits, Scratch scratch, boolean onWhite) {
        this.data = data;
        this.limits = limits;
        this.scratch = scratch;
        this.onWhite = onWhite;
    }

    /** @throws LimbicException if the file is damaged, too large or of a kind that is not read */
    Pixels decode() {
        long size = 8 + (Integer.reverseBytes(PngDecoder.int32(data, 4)) & 0xFFFFFFFFL);
        if (size > data.length) {
            throw damaged("it says it has " + size + " bytes and has " + data.length);
        }
        int at = HEADER;
        while (size - at >= 8) {
            String type = new String(data, at, 4, StandardCharsets.ISO_8859_1);
            long length = Integer.reverseBytes(PngDecoder.int32(data, at + 4)) & 0xFFFFFFFFL;
            if (length > size - at - 8) {
                throw damaged("a chunk reaches behind its end");
            }
            chunk(type, at + 8, (int) length);
            at += 8 + (int) (length + (length & 1));
        }
        if (picture == null) {
            throw damaged("it has no picture data");
        }
        return Orientation.upright(picture, orientation);
    }

    private static LimbicException damaged(String found) {
        return new LimbicException.Invalid("WebP: truncated or damaged: " + found);
    }

    private void chunk(String type, int at, int length) {
        switch (type) {
            case "VP8X" -> {
                if (length < 10) {
                    throw damaged("its header has " + length + " bytes");
                }
                if ((data[at] & ANIMATED) != 0) {
                    throw animated();
                }
                canvasWidth = Vp8Header.u24(data, at + 4) + 1;
                canvasHeight = Vp8Header.u24(data, at + 7) + 1;
                limits.requireSize("WebP", canvasWidth, canvasHeight);
            }
            case "ANIM", "ANMF" -> throw animated();
            case "ALPH" -> {
                alphaAt = at;
                alphaLength = length;
            }
            case "VP8 " -> picture = lossy(at, length);
            case "VP8L" -> picture = lossless(at, length);
            case "EXIF" -> {
                int skip = length > 6 && data[at] == 'E' ? 6 : 0;
                orientation = Orientation.ofExif(data, at + skip, length - skip);
            }
            default -> {}
        }
    }

    private static LimbicException animated() {
        return new LimbicException.Invalid(
                "WebP: expected a still picture, found an animated one; send its frames one by one");
    }

    private void requireCanvas(int width, int height) {
        if (picture != null) {
            throw damaged("it has two pictures");
        }
        if (canvasWidth != 0 && (canvasWidth != width || canvasHeight != height)) {
            throw damaged("its header says " + canvasWidth + " × " + canvasHeight + " pixels, its picture " + width
                    + " × " + height);
        }
    }

    private Pixels lossy(int at, int length) {
        Vp8Decoder decoder = new Vp8Decoder(data, at, length, limits, scratch);
        int width = decoder.header().width;
        int height = decoder.header().height;
        requireCanvas(width, height);
        byte[] rgb = Vp8Colour.rgb(decoder.decode(), width, height);
        if (onWhite && alphaLength > 0) {
            byte[] alpha = alpha(width, height);
            for (int i = 0; i < rgb.length; i++) {
                rgb[i] = White.under(rgb[i], alpha[i / 3] & 0xFF);
            }
        }
        return new Pixels(width, height, rgb);
    }

    private Pixels lossless(int at, int length) {
        Vp8lDecoder decoder = new Vp8lDecoder(data, at, length);
        int[] pixels = decoder.decode(limits);
        requireCanvas(decoder.width(), decoder.height());
        byte[] rgb = new byte[Pixels.CHANNELS * pixels.length];
        for (int i = 0, to = 0; i < pixels.length; i++, to += 3) {
            int pixel = pixels[i];
            int alpha = onWhite && decoder.hasAlpha() ? pixel >>> 24 : 0xFF;
            rgb[to] = White.under((byte) (pixel >> 16), alpha);
            rgb[to + 1] = White.under((byte) (pixel >> 8), alpha);
            rgb[to + 2] = White.under((byte) pixel, alpha);
        }
        return new Pixels(decoder.width(), decoder.height(), rgb);
    }

    /** How opaque a lossy picture's pixels are. */
    private byte[] alpha(int width, int height) {
        int packing = data[alphaAt] & 3;
        byte[] alpha = new byte[width * height];
        if (packing == 0) {
            if (alphaLength - 1 < alpha.length) {
                throw damaged("its transparency ends too early");
            }
            System.arraycopy(data, alphaAt + 1, alpha, 0, alpha.length);
        } else if (packing == 1) {
            int[] pixels = new Vp8lDecoder(data, alphaAt + 1, alphaLength - 1).decode(width, height);
            for (int i = 0; i < pixels.length; i++) {
                alpha[i] = (byte) (pixels[i] >> 8);
            }
        } else {
            throw damaged("its transparency is packed in an unknown way");
        }
        unfilter(alpha, width, data[alphaAt] >> 2 & 3);
        return alpha;
    }

    private static void unfilter(byte[] alpha, int width, int filter) {
        for (int i = 1; i < alpha.length && filter != 0; i++) {
            int left = i % width == 0 ? -1 : i - 1;
            int above = i - width;
            if (above < 0) {
                alpha[i] += alpha[left];
            } else if (left < 0 || filter == 2) {
                alpha[i] += alpha[above];
            } else if (filter == 1) {
                alpha[i] += alpha[left];
            } else {
                int value = (alpha[left] & 0xFF) + (alpha[above] & 0xFF) - (alpha[above - 1] & 0xFF);
                alpha[i] += (byte) Math.max(0, Math.min(255, value));
            }
        }
    }
}
