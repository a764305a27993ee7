package dev.limbic.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON header of one safetensors file, checked completely: what this accepts can be sliced without further checks.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
final class SafetensorsHeader {
    private static final String METADATA = "__metadata__";
    private static final int MAX_RANK = 8;

    /** Types that nothing here computes with, and their bytes: a file may hold such tensors, but nobody can take them. */
    private static final Map<String, Integer> FOREIGN =
            Map.of("BOOL", 1, "U8", 1, "F8_E4M3", 1, "F8_E5M2", 1, "I16", 2, "U16", 2, "U32", 4, "U64", 8, "F64", 8);

    /**
     * Where a tensor lies.
     *
     * @param dtype null if it is none of ours
     * @param type its name in the file
     * @param begin first byte, counted from the end of the header
     * @param end byte after the last
     */
    record Entry(@Nullable DType dtype, String type, Shape shape, long begin, long end) {
        int elementBytes() {
            return dtype == null ? FOREIGN.getOrDefault(type, 1) : dtype.bytes();
        }
    }

    private final String file;
    private final long dataBytes;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private SafetensorsHeader(String file, long dataBytes) {
        this.file = file;
        this.dataBytes = dataBytes;
    }

    /**
     * Reads and checks a header.
     *
     * @param file name for messages
     * @param json the header without its length field
     * @param dataBytes size of what follows the header
     * @return entries by name, in file order
     * @throws WeightsException if the header breaks the format, or does not describe exactly {@code dataBytes} bytes
     */
    static Map<String, Entry> parse(String file, byte[] json, long dataBytes) {
        SafetensorsHeader header = new SafetensorsHeader(file, dataBytes);
        if (json.length == 0 || json[0] != '{') {
            throw header.broken("header: expected a JSON object, found "
                    + (json.length == 0 ? "nothing" : "byte 0x" + Integer.toHexString(json[0] & 0xff)));
        }
        try (JsonParser parser = StrictJson.FACTORY.createParser(json)) {
            parser.nextToken();
            header.readEntries(parser);
            if (parser.nextToken() != null) {
                throw header.broken("header: expected nothing after the JSON object, found " + found(parser));
            }
        } catch (JsonProcessingException e) {
            throw new WeightsException(file + ": header is not valid JSON: " + StrictJson.describe(e), e);
        } catch (IOException e) {
            throw new WeightsException(file + ": header cannot be read: " + e.getMessage(), e);
        }
        header.requireGapless();
        return header.entries;
    }

    private void readEntries(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw broken("'" + name + "': expected an object, found " + found(parser));
            }
            if (name.equals(METADATA)) {
                skipMetadata(parser);
            } else {
                entries.put(name, readEntry(parser, name));
            }
        }
    }

    private void skipMetadata(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw broken(METADATA + ": expected only strings, found " + found(parser) + " at '"
                        + parser.currentName() + "'");
            }
        }
    }

    private Entry readEntry(JsonParser parser, String name) throws IOException {
        @Nullable String type = null;
        long @Nullable [] dims = null;
        long @Nullable [] offsets = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case "dtype" -> type = readType(parser, name);
                case "shape" -> dims = readLongs(parser, name, key, MAX_RANK);
                case "data_offsets" -> offsets = readLongs(parser, name, key, 2);
                default ->
                    throw tensor(name, "expected only the keys dtype, shape and data_offsets, found '" + key + "'");
            }
        }
        if (type == null || dims == null || offsets == null) {
            throw tensor(name, "expected the keys dtype, shape and data_offsets, found only some of them");
        }
        if (offsets.length != 2) {
            throw tensor(name, "expected two data_offsets, found " + Arrays.toString(offsets));
        }
        long begin = offsets[0];
        long end = offsets[1];
        if (begin < 0 || end < begin || end > dataBytes) {
            throw tensor(
                    name,
                    "expected data_offsets within the " + dataBytes + " bytes of data, in ascending order, found "
                            + Arrays.toString(offsets));
        }
        Shape shape = shape(name, dims);
        Entry entry = new Entry(known(type), type, shape, begin, end);
        long bytes = bytes(name, entry.elementBytes(), dims);
        if (bytes != end - begin) {
            throw tensor(name, "expected " + bytes + " bytes for " + type + " " + shape + ", found " + (end - begin));
        }
        return entry;
    }

    private String readType(JsonParser parser, String name) throws IOException {
        String found = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : found(parser);
        if (known(found) != null || FOREIGN.containsKey(found)) {
            return found;
        }
        throw tensor(name, "expected a dtype out of " + Arrays.toString(DType.values()) + ", found " + found);
    }

    private static @Nullable DType known(String type) {
        for (DType dtype : DType.values()) {
            if (dtype.name().equals(type)) {
                return dtype;
            }
        }
        return null;
    }

    /** The current token in words. */
    private static String found(JsonParser parser) {
        return switch (parser.currentToken()) {
            case START_OBJECT, END_OBJECT -> "an object";
            case START_ARRAY, END_ARRAY -> "an array";
            case VALUE_STRING -> "a string";
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
            case VALUE_TRUE, VALUE_FALSE -> "a boolean";
            case VALUE_NULL -> "null";
            case null, default -> "nothing";
        };
    }

    private long[] readLongs(JsonParser parser, String name, String key, int limit) throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw tensor(name, "expected an array as " + key + ", found " + found(parser));
        }
        List<Long> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                throw tensor(name, "expected integers in " + key + ", found " + found(parser));
            }
            if (values.size() == limit) {
                throw tensor(name, "expected at most " + limit + " numbers in " + key + ", found more");
            }
            values.add(parser.getLongValue());
        }
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    private Shape shape(String name, long[] dims) {
        int[] ints = new int[dims.length];
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] < 0 || dims[i] > Integer.MAX_VALUE) {
                throw tensor(
                        name, "expected dimensions in 0…" + Integer.MAX_VALUE + ", found " + Arrays.toString(dims));
            }
            ints[i] = (int) dims[i];
        }
        return Shape.of(ints);
    }

    private long bytes(String name, int elementBytes, long[] dims) {
        long bytes = elementBytes;
        try {
            for (long d : dims) {
                bytes = Math.multiplyExact(bytes, d);
            }
        } catch (ArithmeticException e) {
            throw new WeightsException(
                    at(name) + "expected a size below 2^63 bytes, found shape " + Arrays.toString(dims), e);
        }
        return bytes;
    }

    /** Tensors must cover the data exactly: an overlap or a hole hides something. */
    private void requireGapless() {
        List<Map.Entry<String, Entry>> byPlace = new ArrayList<>(entries.entrySet());
        byPlace.sort(Comparator.<Map.Entry<String, Entry>>comparingLong(
                        e -> e.getValue().begin())
                .thenComparingLong(e -> e.getValue().end()));
        long covered = 0;
        String before = "the header";
        for (var e : byPlace) {
            if (e.getValue().begin() != covered) {
                throw tensor(
                        e.getKey(),
                        (e.getValue().begin() < covered ? "overlaps " : "leaves a hole after ") + before
                                + ": expected data_offsets to begin at " + covered + ", found "
                                + e.getValue().begin());
            }
            covered = e.getValue().end();
            before = "'" + e.getKey() + "'";
        }
        if (covered != dataBytes) {
            throw broken(
                    "expected " + covered + " bytes of data by the header, found " + dataBytes + " bytes in the file");
        }
    }

    private String at(String name) {
        return file + ": tensor '" + name + "': ";
    }

    private WeightsException tensor(String name, String problem) {
        return new WeightsException(at(name) + problem);
    }

    private WeightsException broken(String problem) {
        return new WeightsException(file + ": " + problem);
    }
}
