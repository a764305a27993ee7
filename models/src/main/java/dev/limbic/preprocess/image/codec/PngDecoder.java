package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Reads a PNG (ISO/IEC 15948) of every kind but animated ones. Samples of 16 bits give their upper eight; gamma and colour
 * profiles are not looked at, as in Pillow. One decoder reads one picture.
 */
final class PngDecoder {
    private static final int SIGNATURE = 8;

    /** Where a pass of an interlaced picture begins and how far apart its pixels are: x, y, dx, dy. */
    private static final int[][] PASSES = {
        {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
    };

    private static final int[][] ALL_AT_ONCE = {{0, 0, 1, 1}};

    private final byte[] data;
    private final ImageLimits limits;
    private final boolean onWhite;
    private @Nullable PngHeader header;
    private byte @Nullable [] palette;
    private byte @Nullable [] transparency;
    private int orientation = Orientation.UPRIGHT;

    /** Where the next chunk of picture data begins and how long it is; 0 behind the last. */
    private int chunk;

    private int chunkLength;

    PngDecoder(byte[] data, ImageLimits limits, boolean onWhite) {
        this.data = data;
        this.limits = limits;
        this.onWhite = onWhite;
    }

    /** @throws LimbicException if the file is damaged, too large or of a kind that is not read */
    Pixels decode() {
        int at = SIGNATURE;
        int first = 0;
        while (true) {
            int length = length(at);
            String type = type(at);
            requireSum(at, length);
            int content = at + 8;
            if (header == null) {
                if (!type.equals("IHDR")) {
                    throw damaged("its first chunk is no header");
                }
                header = PngHeader.read(data, content, length, limits);
            } else if (type.equals("IEND")) {
                break;
            } else if (type.equals("IDAT")) {
                first = first == 0 ? at : first;
            } else {
                other(type, content, length);
            }
            at = content + length + 4;
        }
        if (first == 0) {
            throw damaged("it has no picture data");
        }
        PngHeader known = header;
        byte[] rgb = new byte[Pixels.CHANNELS * known.width() * known.height()];
        PngSamples samples = new PngSamples(known, palette, transparency, onWhite, rgb);
        inflate(known, first, samples);
        return Orientation.upright(new Pixels(known.width(), known.height(), rgb), orientation);
    }

    private static LimbicException damaged(String found) {
        return new LimbicException.Invalid("PNG: truncated or damaged: " + found);
    }

    private int length(int at) {
        if (data.length - at < 12) {
            throw damaged("it ends without its end chunk");
        }
        int length = int32(data, at);
        if (length < 0 || length > data.length - at - 12) {
            throw damaged("a chunk reaches behind its end");
        }
        return length;
    }

    private String type(int at) {
        return new String(data, at + 4, 4, StandardCharsets.ISO_8859_1);
    }

    /** Checks what must be right for the picture to be; damage elsewhere costs nothing. */
    private void requireSum(int at, int length) {
        if ((data[at + 4] & 0x20) == 0) { // critical
            CRC32 sum = new CRC32();
            sum.update(data, at + 4, length + 4);
            if ((int) sum.getValue() != int32(data, at + 8 + length)) {
                throw damaged("a checksum is wrong");
            }
        }
    }

    private void other(String type, int at, int length) {
        switch (type) {
            case "PLTE" -> {
                if (length % 3 != 0 || length == 0 || length > 768) {
                    throw damaged("a palette of " + length + " bytes");
                }
                palette = Arrays.copyOfRange(data, at, at + length);
            }
            case "tRNS" -> transparency = Arrays.copyOfRange(data, at, at + length);
            case "eXIf" -> orientation = Orientation.ofExif(data, at, length);
            case "acTL" ->
                throw new LimbicException.Invalid(
                        "PNG: expected a still picture, found an animated one; send its frames one by one");
            default -> {
                if (Character.isUpperCase(type.charAt(0))) {
                    throw new LimbicException.Invalid("PNG: it has a chunk that must be known and is not");
                }
            }
        }
    }

    private void inflate(PngHeader known, int first, PngSamples samples) {
        Inflater inflater = new Inflater();
        try {
            chunk = first;
            chunkLength = length(first);
            inflater.setInput(data, first + 8, chunkLength);
            int bits = known.bitsPerPixel();
            int step = Math.max(1, bits / 8);
            for (int[] pass : known.interlaced() ? PASSES : ALL_AT_ONCE) {
                int width = Math.ceilDiv(known.width() - pass[0], pass[2]);
                int height = Math.ceilDiv(known.height() - pass[1], pass[3]);
                if (width < 1 || height < 1) {
                    continue;
                }
                int length = (int) (((long) width * bits + 7) / 8);
                // Before each row lie the bytes of one pixel that is not there.
                byte[] row = new byte[step + length];
                byte[] above = new byte[step + length];
                for (int y = 0; y < height; y++) {
                    fill(inflater, row, step - 1, length + 1);
                    int filter = row[step - 1];
                    row[step - 1] = 0;
                    PngFilter.undo(filter, row, above, step);
                    samples.row(row, step, width, pass, pass[1] + y * pass[3]);
                    byte[] free = above;
                    above = row;
                    row = free;
                }
            }
        } catch (DataFormatException e) {
            throw damaged("its picture data do not unpack");
        } finally {
            inflater.end();
        }
    }

    /** Unpacks so many bytes and no more, however many there are. */
    private void fill(Inflater inflater, byte[] to, int from, int length) throws DataFormatException {
        int done = 0;
        while (done < length) {
            int got = inflater.inflate(to, from + done, length - done);
            done += got;
            if (got == 0) {
                if (inflater.finished() || inflater.needsDictionary() || !inflater.needsInput()) {
                    throw damaged("its picture data end too early");
                }
                do {
                    chunk += chunkLength + 12;
                    chunkLength = length(chunk);
                    if (!type(chunk).equals("IDAT")) {
                        throw damaged("its picture data end too early");
                    }
                } while (chunkLength == 0);
                inflater.setInput(data, chunk + 8, chunkLength);
            }
        }
    }

    static int int32(byte[] data, int at) {
        return data[at] << 24 | (data[at + 1] & 0xFF) << 16 | (data[at + 2] & 0xFF) << 8 | (data[at + 3] & 0xFF);
    }
}
