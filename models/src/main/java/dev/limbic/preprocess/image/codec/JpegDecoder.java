package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a JPEG (ITU-T T.81): 8 bits a sample, sequential or progressive, Huffman-coded, with 1, 3 or 4 components, in the
 * colours that libjpeg-turbo and Pillow give. Thumbnails and colour profiles are not looked at. One decoder reads one picture.
 */
final class JpegDecoder {
    private static final int SOF_BASELINE = 0xC0;
    private static final int SOF_EXTENDED = 0xC1;
    private static final int SOF_PROGRESSIVE = 0xC2;
    private static final int DHT = 0xC4;
    private static final int JPG = 0xC8;
    private static final int DAC = 0xCC;
    private static final int SOF_LAST = 0xCF;
    private static final int SOI = 0xD8;
    private static final int EOI = 0xD9;
    private static final int SOS = 0xDA;
    private static final int DQT = 0xDB;
    private static final int DNL = 0xDC;
    private static final int DRI = 0xDD;
    private static final int APP0 = 0xE0;
    private static final int APP1 = 0xE1;
    private static final int APP14 = 0xEE;

    /** Ten times what encoders write: each scan walks over the whole picture, however few its bits are. */
    private static final int MAX_SCANS = 100;

    private static final Scratch.Slot[] PLANES = {
        Scratch.Slot.PLANE_0, Scratch.Slot.PLANE_1, Scratch.Slot.PLANE_2, Scratch.Slot.PLANE_3
    };

    private final byte[] data;
    private final ImageLimits limits;
    private final Scratch scratch;
    private final boolean vectors;
    private final int[] @Nullable [] quantisers = new int[4][];
    private final @Nullable JpegHuffman[] dcTables = new JpegHuffman[4];
    private final @Nullable JpegHuffman[] acTables = new JpegHuffman[4];
    private int interval;
    private boolean jfif;
    private int adobe = JpegColour.NO_ADOBE;
    private int orientation = Orientation.UPRIGHT;
    private int scans;
    private @Nullable JpegFrame frame;
    private @Nullable JpegProgressive coefficients;
    private byte[][] planes = {};

    /** @param vectors whether loops in vectors are used, see {@link ImageDecoder#warmUp} */
    JpegDecoder(byte[] data, ImageLimits limits, Scratch scratch, boolean vectors) {
        this.data = data;
        this.limits = limits;
        this.scratch = scratch;
        this.vectors = vectors;
    }

    /** @throws LimbicException if the file is damaged, too large or of a kind that is not read */
    Pixels decode() {
        int at = 2;
        while (true) {
            int marker = marker(at);
            at = afterFill(at) + 1;
            if (marker == EOI) {
                return finish();
            }
            if (marker == SOI || marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD7)) {
                throw new LimbicException.Invalid("JPEG: damaged: a marker in the wrong place");
            }
            int length = at + 1 < data.length ? (data[at] & 0xFF) << 8 | (data[at + 1] & 0xFF) : 0;
            if (length < 2 || length > data.length - at) {
                throw truncated();
            }
            int next = at + length;
            if (marker == SOS) {
                next = scan(at + 2, length - 2);
            } else {
                segment(marker, at + 2, length - 2);
            }
            at = next;
        }
    }

    private static LimbicException truncated() {
        return new LimbicException.Invalid("JPEG: truncated or damaged: it ends without its end marker");
    }

    /** The marker at a place where one has to be. */
    private int marker(int at) {
        int code = afterFill(at);
        if (at >= data.length || code >= data.length) {
            throw truncated();
        }
        if (data[at] != (byte) 0xFF) {
            throw new LimbicException.Invalid("JPEG: damaged: a marker is missing");
        }
        return data[code] & 0xFF;
    }

    private int afterFill(int at) {
        int code = at;
        while (code < data.length && data[code] == (byte) 0xFF) {
            code++;
        }
        return code;
    }

    private void segment(int marker, int at, int length) {
        switch (marker) {
            case SOF_BASELINE, SOF_EXTENDED, SOF_PROGRESSIVE -> frame(at, length, marker == SOF_PROGRESSIVE);
            case DHT -> huffman(at, length);
            case DQT -> quantisers(at, length);
            case DRI -> {
                require(length == 2, "a restart interval of " + length + " bytes");
                interval = (data[at] & 0xFF) << 8 | (data[at + 1] & 0xFF);
            }
            case APP0 -> jfif |= begins(at, length, "JFIF\0");
            case APP1 -> {
                if (begins(at, length, "Exif\0")) {
                    orientation = Orientation.ofExif(data, at + 6, length - 6);
                }
            }
            case APP14 -> {
                if (begins(at, length, "Adobe") && length >= 12) {
                    adobe = data[at + 11] & 0xFF;
                }
            }
            case DNL -> throw unread("its height behind its picture data");
            case DAC -> throw unread("arithmetic coding");
            default -> {
                if (marker >= SOF_BASELINE && marker <= SOF_LAST && marker != JPG) {
                    throw unread(
                            switch (marker & 15) {
                                case 3, 7, 11, 15 -> "lossless coding";
                                case 5, 6 -> "hierarchical coding";
                                default -> "arithmetic coding";
                            });
                }
            }
        }
    }

    private static LimbicException unread(String what) {
        return new LimbicException.Invalid(
                "JPEG: expected sequential or progressive Huffman coding with its size in front, found " + what);
    }

    private static void require(boolean sound, String found) {
        if (!sound) {
            throw new LimbicException.Invalid("JPEG: damaged: " + found);
        }
    }

    private boolean begins(int at, int length, String name) {
        for (int i = 0; i < name.length(); i++) {
            if (i >= length || data[at + i] != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private void frame(int at, int length, boolean progressive) {
        require(frame == null, "it has two frames");
        JpegFrame read = new JpegFrame(data, at, length, progressive, limits);
        planes = new byte[read.components.length][];
        for (int i = 0; i < planes.length; i++) {
            planes[i] = scratch.bytes(PLANES[i], 64 * read.components[i].blocks());
        }
        if (progressive) {
            coefficients = new JpegProgressive(read, scratch);
        }
        frame = read;
    }

    private void huffman(int from, int length) {
        int at = from;
        int end = from + length;
        while (at < end) {
            require(end - at >= 17, "a Huffman table is cut off");
            int kind = data[at++] & 0xFF;
            require((kind & 0xEF) <= 3, "a Huffman table of number " + kind);
            int symbols = 0;
            for (int i = 0; i < 16; i++) {
                symbols += data[at + i] & 0xFF;
            }
            require(symbols <= 256 && symbols <= end - at - 16, "a Huffman table of " + symbols + " codes");
            JpegHuffman table = new JpegHuffman(data, at, symbols, kind < 16);
            (kind < 16 ? dcTables : acTables)[kind & 15] = table;
            at += 16 + symbols;
        }
    }

    private void quantisers(int from, int length) {
        int at = from;
        int end = from + length;
        while (at < end) {
            int kind = data[at++] & 0xFF;
            int size = kind >> 4;
            require(size <= 1 && (kind & 15) <= 3, "a quantisation table of kind " + kind);
            require(end - at >= 64 << size, "a quantisation table is cut off");
            int[] table = new int[64];
            for (int k = 0; k < 64; k++) {
                table[k] = size == 0
                        ? data[at + k] & 0xFF
                        : (data[at + 2 * k] & 0xFF) << 8 | (data[at + 2 * k + 1] & 0xFF);
            }
            quantisers[kind & 15] = table;
            at += 64 << size;
        }
    }

    private int scan(int at, int length) {
        JpegFrame current = requireFrame();
        require(++scans <= MAX_SCANS, "it has more than " + MAX_SCANS + " scans");
        JpegScan scan = new JpegScan(current, data, at, length, dcTables, acTables);
        for (int index : scan.components) {
            JpegFrame.Component part = current.components[index];
            if (part.quantisers == null) {
                part.quantisers = quantisers[part.table];
                require(part.quantisers != null, "a quantisation table is missing");
            } else {
                require(current.progressive, "a component comes twice");
            }
        }
        JpegEntropy entropy = new JpegEntropy(data, at + length, scratch);
        if (coefficients != null) {
            coefficients.decode(scan, entropy, interval);
        } else {
            scan.forEach(entropy, interval, () -> reset(current), new JpegSequential(scan, planes, vectors));
        }
        return entropy.behind();
    }

    private static void reset(JpegFrame frame) {
        for (JpegFrame.Component each : frame.components) {
            each.prediction = 0;
        }
    }

    private JpegFrame requireFrame() {
        if (frame == null) {
            throw new LimbicException.Invalid("JPEG: damaged: it has no frame header before its picture data");
        }
        return frame;
    }

    /** The quantisers that a component's first scan found. */
    static int[] quantisers(JpegFrame.Component component) {
        if (component.quantisers == null) {
            throw new LimbicException.Invalid("JPEG: truncated or damaged: a component has no picture data");
        }
        return component.quantisers;
    }

    private Pixels finish() {
        JpegFrame current = requireFrame();
        for (JpegFrame.Component each : current.components) {
            quantisers(each);
        }
        if (coefficients != null) {
            coefficients.planes(planes, vectors);
        }
        byte[] rgb = new JpegColour(current, planes, jfif, adobe, scratch).rgb(vectors);
        return Orientation.upright(new Pixels(current.width, current.height, rgb), orientation);
    }
}
