package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * A PNG (ISO/IEC 15948) without what its picture does not need: a decoder that is given this sees neither texts nor profiles,
 * which would be unpacked, nor chunks that are damaged.
 *
 * @param file header, palette, transparency and picture data
 * @param orientation as in EXIF, 1…8
 */
record PngChunks(byte[] file, int orientation) {
    private static final int SIGNATURE = 8;
    private static final int AROUND = 12;
    private static final int DEPTH = 24;
    private static final int COLOUR = 25;
    private static final int GREY = 0;

    /** @throws LimbicException if the file is cut off, too large, animated or its needed chunks are damaged */
    static PngChunks read(byte[] data, ImageLimits limits) {
        ByteBuffer file = ByteBuffer.wrap(data);
        ByteArrayOutputStream kept = new ByteArrayOutputStream(data.length);
        kept.write(data, 0, SIGNATURE);
        int orientation = Orientation.UPRIGHT;
        int at = SIGNATURE;
        String type = "";
        while (!type.equals("IEND")) {
            int length = data.length - at < AROUND ? -1 : file.getInt(at);
            if (length < 0 || length > data.length - at - AROUND) {
                throw damaged("it ends within a chunk");
            }
            type = new String(data, at + 4, 4, StandardCharsets.ISO_8859_1);
            if (at == SIGNATURE) {
                if (!type.equals("IHDR") || length != 13) {
                    throw damaged("its first chunk is no header");
                }
                limits.requireSize("PNG", unsigned(file, at + 8), unsigned(file, at + 12));
            }
            switch (type) {
                case "IHDR", "PLTE", "IDAT", "IEND" -> {
                    requireSum(file, at, length, type);
                    kept.write(data, at, length + AROUND);
                }
                case "tRNS" -> kept.writeBytes(transparency(data, at, length));
                case "eXIf" -> orientation = Orientation.ofExif(data, at + 8, length);
                case "acTL" ->
                    throw new LimbicException.Invalid(
                            "PNG: expected a still picture, found an animated one; send its frames one by one");
                default -> {
                    if (Character.isUpperCase(type.charAt(0))) {
                        throw new LimbicException.Invalid("PNG: it has a chunk that must be known and is not");
                    }
                }
            }
            at += length + AROUND;
        }
        return new PngChunks(kept.toByteArray(), orientation);
    }

    /** The JDK compares the one clear shade of grey with samples that it has spread to 0…255 before. */
    private static byte[] transparency(byte[] data, int at, int length) {
        byte[] chunk = Arrays.copyOfRange(data, at, at + length + AROUND);
        int depth = data[DEPTH];
        if (data[COLOUR] == GREY && depth > 0 && depth < 8 && length == 2) {
            ByteBuffer shade = ByteBuffer.wrap(chunk, 8, 2);
            int spread = Short.toUnsignedInt(shade.getShort(8)) * (255 / ((1 << depth) - 1));
            shade.putShort(8, (short) Math.min(0xFFFF, spread));
        }
        return chunk;
    }

    static LimbicException damaged(String found) {
        return new LimbicException.Invalid("PNG: truncated or damaged: " + found);
    }

    private static long unsigned(ByteBuffer file, int at) {
        return Integer.toUnsignedLong(file.getInt(at));
    }

    private static void requireSum(ByteBuffer file, int at, int length, String type) {
        CRC32 sum = new CRC32();
        sum.update(file.slice(at + 4, length + 4));
        if ((int) sum.getValue() != file.getInt(at + 8 + length)) {
            throw damaged("the checksum of chunk " + type + " is wrong");
        }
    }
}
