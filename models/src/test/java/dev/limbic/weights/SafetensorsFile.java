package dev.limbic.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes safetensors files, sound or not. */
final class SafetensorsFile {
    private SafetensorsFile() {}

    /** A file of a header as given and {@code dataBytes} bytes 0, 1, 2… */
    static Path write(Path file, String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return write(file, json.length, json, dataBytes);
    }

    static Path write(Path file, long headerLength, byte[] json, int dataBytes) throws IOException {
        return Files.write(file, bytes(headerLength, json, dataBytes));
    }

    static byte[] bytes(long headerLength, byte[] json, int dataBytes) {
        ByteBuffer out = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(headerLength).put(json);
        for (int i = 0; i < dataBytes; i++) {
            out.put((byte) i);
        }
        return out.array();
    }

    /** A header of f32 vectors [2], one after the other. */
    static String vectors(String... names) {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < names.length; i++) {
            header.append(i == 0 ? "" : ",").append(entry(names[i], "F32", "[2]", 8L * i, 8L * i + 8));
        }
        return header.append('}').toString();
    }

    static String entry(String name, String dtype, String shape, long begin, long end) {
        return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                .formatted(name, dtype, shape, begin, end);
    }
}
