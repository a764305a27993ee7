package dev.limbic.preprocess.image.codec;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** Writes pixels as a PNG of 8 bits a sample. Thread-safe. */
public final class PngWriter {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int UP = 2;

    private PngWriter() {}

    /** The picture as a file's bytes. */
    public static byte[] write(Pixels picture) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(SIGNATURE);
        byte[] header = new byte[13];
        int32(header, 0, picture.width());
        int32(header, 4, picture.height());
        header[8] = 8;
        header[9] = PngHeader.RGB;
        chunk(file, "IHDR", header);
        chunk(file, "IDAT", packed(picture));
        chunk(file, "IEND", new byte[0]);
        return file.toByteArray();
    }

    /** Each row as what differs from the one above, which serves photographs and drawings. */
    private static byte[] packed(Pixels picture) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        Deflater deflater = new Deflater();
        int length = Pixels.CHANNELS * picture.width();
        byte[] rgb = picture.rgb();
        byte[] row = new byte[1 + length];
        row[0] = UP;
        try (DeflaterOutputStream out = new DeflaterOutputStream(packed, deflater)) {
            for (int y = 0; y < picture.height(); y++) {
                for (int x = 0; x < length; x++) {
                    int at = y * length + x;
                    row[1 + x] = (byte) (rgb[at] - (y == 0 ? 0 : rgb[at - length]));
                }
                out.write(row);
            }
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e); // memory does not fail so
        } finally {
            deflater.end();
        }
        return packed.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream file, String type, byte[] content) {
        byte[] word = new byte[4];
        int32(word, 0, content.length);
        file.writeBytes(word);
        CRC32 sum = new CRC32();
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        sum.update(name);
        sum.update(content);
        file.writeBytes(name);
        file.writeBytes(content);
        int32(word, 0, (int) sum.getValue());
        file.writeBytes(word);
    }

    private static void int32(byte[] to, int at, int value) {
        to[at] = (byte) (value >> 24);
        to[at + 1] = (byte) (value >> 16);
        to[at + 2] = (byte) (value >> 8);
        to[at + 3] = (byte) value;
    }
}
