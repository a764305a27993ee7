package dev.limbic.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Weights with one tensor more than the architecture has. */
final class ExtraTensor {
    private ExtraTensor() {}

    /** Copies a file of weights with another tensor in it: four bytes at the end, by a header that says so. */
    static void add(String name, Path from, Path to) throws IOException {
        byte[] file = Files.readAllBytes(from);
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) buffer.getLong();
        String header = new String(file, 8, length, StandardCharsets.UTF_8).strip();
        int data = file.length - 8 - length;
        byte[] changed = (header.substring(0, header.length() - 1) + ",\"" + name
                        + "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" + data + "," + (data + 4) + "]}}")
                .getBytes(StandardCharsets.UTF_8);
        ByteBuffer result = ByteBuffer.allocate(8 + changed.length + data + 4).order(ByteOrder.LITTLE_ENDIAN);
        result.putLong(changed.length).put(changed).put(file, 8 + length, data);
        Files.write(to, result.array());
    }
}
