package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import java.nio.charset.StandardCharsets;

/**
 * What a JPEG (ITU-T T.81) says of itself, read before anything is decoded. All markers are walked to the last one, so that
 * what is cut off, what asks for endless work and kinds that few encoders write do not reach native code.
 *
 * @param orientation as in EXIF, 1…8
 */
record JpegHeader(int width, int height, int orientation) {
    private static final int SOF_PROGRESSIVE = 0xC2;
    private static final int DHT = 0xC4;
    private static final int SOF_LAST = 0xCF;
    private static final int RST_LAST = 0xD7;
    private static final int EOI = 0xD9;
    private static final int SOS = 0xDA;
    private static final int DNL = 0xDC;
    private static final int APP1 = 0xE1;
    private static final int APP14 = 0xEE;

    /** Ten times what encoders write: each scan walks over the whole picture, however few its bits are. */
    private static final int MAX_SCANS = 100;

    /** @throws LimbicException if the file is cut off, too large or of a kind that is not read */
    static JpegHeader read(byte[] data, ImageLimits limits) {
        int width = 0;
        int height = 0;
        int components = 0;
        int orientation = Orientation.UPRIGHT;
        boolean adobe = false;
        int scans = 0;
        int at = 2;
        while (true) {
            int marker = marker(data, at);
            at = afterFill(data, at) + 1;
            if (marker == EOI) {
                break;
            }
            if (marker <= 0x01 || (marker > SOF_LAST && marker < EOI)) {
                throw damaged("a marker in the wrong place");
            }
            int length = at + 1 < data.length ? u16(data, at) : 0;
            if (length < 2 || length > data.length - at) {
                throw truncated();
            }
            int content = at + 2;
            at += length;
            if (marker == SOS) {
                if (++scans > MAX_SCANS) {
                    throw damaged("it has more than " + MAX_SCANS + " scans");
                }
                at = behindScan(data, at);
            } else if (isFrame(marker)) {
                if (width != 0 || length < 8) {
                    throw damaged("its frame header is cut off or comes twice");
                }
                components = frame(data, content, marker);
                height = u16(data, content + 1);
                width = u16(data, content + 3);
                limits.requireSize("JPEG", width, height);
            } else if (marker == APP1 && begins(data, content, at, "Exif\0")) {
                orientation = Orientation.ofExif(data, content + 6, at - content - 6);
            } else if (marker == APP14) {
                adobe |= begins(data, content, at, "Adobe");
            } else if (marker == DNL) {
                throw unread("its height behind its picture data");
            }
        }
        if (scans == 0 || width == 0) {
            throw damaged("it has no picture data");
        }
        if (components == 4 && !adobe) {
            throw new LimbicException.Invalid("JPEG: expected an Adobe marker beside four components, found none");
        }
        return new JpegHeader(width, height, orientation);
    }

    static LimbicException damaged(String found) {
        return new LimbicException.Invalid("JPEG: damaged: " + found);
    }

    private static LimbicException truncated() {
        return new LimbicException.Invalid("JPEG: truncated or damaged: it ends without its end marker");
    }

    private static LimbicException unread(String what) {
        return new LimbicException.Invalid(
                "JPEG: expected sequential or progressive Huffman coding with its size in front, found " + what);
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xC0 && marker <= SOF_LAST && marker != DHT && marker != 0xC8;
    }

    /** Number of components. */
    private static int frame(byte[] data, int at, int marker) {
        if (marker > SOF_PROGRESSIVE) {
            throw unread(
                    switch (marker & 15) {
                        case 3, 7, 11, 15 -> "lossless coding";
                        case 5, 6 -> "hierarchical coding";
                        default -> "arithmetic coding";
                    });
        }
        if (data[at] != 8) {
            throw new LimbicException.Invalid("JPEG: expected 8 bits a sample, found " + (data[at] & 0xFF));
        }
        int components = data[at + 5] & 0xFF;
        if (components != 1 && components != 3 && components != 4) {
            throw new LimbicException.Invalid("JPEG: expected 1, 3 or 4 components, found " + components);
        }
        return components;
    }

    /** The marker at a place where one has to be. */
    private static int marker(byte[] data, int at) {
        int code = afterFill(data, at);
        if (code >= data.length) {
            throw truncated();
        }
        if (code == at) {
            throw damaged("a marker is missing");
        }
        return data[code] & 0xFF;
    }

    private static int afterFill(byte[] data, int at) {
        int code = at;
        while (code < data.length && data[code] == (byte) 0xFF) {
            code++;
        }
        return code;
    }

    /** Where the marker lies that ends a scan's bits. */
    private static int behindScan(byte[] data, int from) {
        for (int at = from; at + 1 < data.length; at++) {
            int next = data[at + 1] & 0xFF;
            if (data[at] == (byte) 0xFF && next != 0 && next != 0xFF && (next < 0xD0 || next > RST_LAST)) {
                return at;
            }
        }
        throw truncated();
    }

    private static boolean begins(byte[] data, int from, int to, String name) {
        return to - from > name.length()
                && new String(data, from, name.length(), StandardCharsets.ISO_8859_1).equals(name);
    }

    private static int u16(byte[] data, int at) {
        return (data[at] & 0xFF) << 8 | (data[at + 1] & 0xFF);
    }
}
