package dev.limbic.bench;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;

/** Named tensors of random numbers, written as a safetensors file. Gains are one, all else has the usual small spread. */
final class RandomWeights {
    /** How a number is stored: bf16 is half as large and enough where nothing but time is measured. */
    enum Type {
        F32(4),
        BF16(2);

        private final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }
    }

    private record Entry(int[] shape, boolean gain) {
        int elements() {
            return Arrays.stream(shape).reduce(1, Math::multiplyExact);
        }
    }

    private final Map<String, Entry> tensors = new LinkedHashMap<>();

    void put(String name, int... shape) {
        tensors.put(name, new Entry(shape, false));
    }

    /** {@code name.weight} [rows, columns] and {@code name.bias} [bias]. */
    void linear(String name, int rows, int columns, int bias) {
        put(name + ".weight", rows, columns);
        put(name + ".bias", bias);
    }

    /** A layer normalisation's {@code name.weight} and {@code name.bias}, [h]. */
    void norm(String name, int h) {
        tensors.put(name + ".weight", new Entry(new int[] {h}, true));
        put(name + ".bias", h);
    }

    void write(Path file, Type type) throws IOException {
        StringJoiner header = new StringJoiner(",", "{", "}");
        long offset = 0;
        for (Map.Entry<String, Entry> tensor : tensors.entrySet()) {
            long bytes = (long) type.bytes * tensor.getValue().elements();
            header.add("\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                    .formatted(
                            tensor.getKey(),
                            type,
                            Arrays.toString(tensor.getValue().shape).replace(" ", ""),
                            offset,
                            offset + bytes));
            offset += bytes;
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        Random random = new Random(1);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(text.length)
                    .array());
            out.write(text);
            for (Entry tensor : tensors.values()) {
                int count = tensor.elements();
                ByteBuffer values = ByteBuffer.allocate(type.bytes * count).order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < count; i++) {
                    // The spread of BERT's initialisation, which GPT-2 shares.
                    float value = tensor.gain ? 1 : (random.nextFloat() - 0.5f) * 0.14f;
                    if (type == Type.F32) {
                        values.putFloat(value);
                    } else {
                        values.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
                    }
                }
                out.write(values.array());
            }
        }
    }
}
