package dev.limbic.weights;

import static dev.limbic.weights.SafetensorsFile.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.HostTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files, seeded: each is either refused with a {@link WeightsException} or consistent; nothing else. */
class SafetensorsFuzzTest {
    private static final int DATA_BYTES = 60;

    private static final String SOUND = "{\"__metadata__\":{\"format\":\"pt\",\"x\":\"y\"},"
            + String.join(
                    ",",
                    entry("a.weight", "F32", "[2,3]", 0, 24),
                    entry("a.bias", "BF16", "[4]", 24, 32),
                    entry("b", "I64", "[1,1,2]", 32, 48),
                    entry("empty", "I8", "[0,7]", 48, 48),
                    entry("scalar", "F16", "[]", 48, 50),
                    entry("c", "I8", "[10]", 50, 60))
            + "}";

    private static final Pattern NUMBER = Pattern.compile("-?[0-9]+");
    private static final Pattern STRING = Pattern.compile("\"[^\"]*\"");
    private static final String[] NUMBERS = {
        "0",
        "-0",
        "-1",
        "1",
        "2",
        "7",
        "8",
        "24",
        "48",
        "59",
        "60",
        "61",
        "1.0",
        "1e1",
        "2147483647",
        "2147483648",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "1e400",
        "NaN",
        "null",
        "true",
        "\"1\"",
        "[]",
        "{}",
        "99999999999999999999999999999999999999999999999999",
        "00",
        "-"
    };
    private static final String[] STRINGS = {
        "\"F32\"",
        "\"F16\"",
        "\"BF16\"",
        "\"I8\"",
        "\"I32\"",
        "\"I64\"",
        "\"F64\"",
        "\"U8\"",
        "\"f32\"",
        "\"\"",
        "null",
        "\"a.weight\"",
        "\"a.bias\"",
        "\"dtype\"",
        "\"shape\"",
        "\"data_offsets\"",
        "\"__metadata__\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "7",
        "[]",
        "{}"
    };
    private static final String STRUCTURE = "{}[],:\" \n\\-0e.";

    private final Random random = new Random(20260101);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    @Test
    void damagedHeaders() {
        int accepted = 0;
        int refused = 0;
        for (int round = 0; round < 40_000; round++) {
            byte[] header = damaged(SOUND);
            int data = random.nextInt(8) == 0 ? random.nextInt(2 * DATA_BYTES) : DATA_BYTES;
            try {
                requireConsistent(SafetensorsHeader.parse("fuzz", header, data), data);
                accepted++;
            } catch (WeightsException e) {
                assertThat(e).hasMessageStartingWith("fuzz: ");
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("round " + round + ": " + new String(header, StandardCharsets.UTF_8), e);
            }
        }
        // Both ends were reached: a flipped letter of a name is harmless, most else is not.
        assertThat(accepted).isGreaterThan(1000);
        assertThat(refused).isGreaterThan(20_000);
    }

    @Test
    void damagedFiles() throws IOException {
        byte[] json = SOUND.getBytes(StandardCharsets.UTF_8);
        byte[] sound = SafetensorsFile.bytes(json.length, json, DATA_BYTES);
        Path file = folder.resolve("fuzz.safetensors");
        int accepted = 0;
        int refused = 0;
        for (int round = 0; round < 1500; round++) {
            byte[] bytes = sound.clone();
            switch (random.nextInt(4)) {
                case 0 -> flipBits(bytes, bytes.length);
                case 1 -> flipBits(bytes, 8);
                case 2 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 20));
                default -> {
                    byte[] header = damaged(SOUND);
                    long length = random.nextInt(5) == 0 ? random.nextLong() : header.length;
                    bytes = SafetensorsFile.bytes(length, header, DATA_BYTES);
                }
            }
            Files.write(file, bytes);
            try (Safetensors opened = Safetensors.open(file)) {
                long total = 0;
                for (String name : opened.names()) {
                    HostTensor tensor = opened.tensor(name);
                    assertThat(tensor.toFloats()).hasSize((int) tensor.shape().elements());
                    total += tensor.data().byteSize();
                }
                long header =
                        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
                assertThat(total).isEqualTo(bytes.length - 8 - header);
                accepted++;
            } catch (WeightsException e) {
                assertThat(e).hasMessageStartingWith(file.toString());
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("round " + round + ": " + Arrays.toString(bytes), e);
            }
        }
        assertThat(accepted).isGreaterThan(25);
        assertThat(refused).isGreaterThan(1000);
    }

    private static void requireConsistent(Map<String, SafetensorsHeader.Entry> entries, long dataBytes) {
        List<SafetensorsHeader.Entry> sorted = new ArrayList<>(entries.values());
        sorted.sort(Comparator.comparingLong(SafetensorsHeader.Entry::begin)
                .thenComparingLong(SafetensorsHeader.Entry::end));
        long at = 0;
        for (var e : sorted) {
            assertThat(e.begin()).isEqualTo(at);
            assertThat(e.end() - e.begin()).isEqualTo(e.shape().elements() * e.elementBytes());
            at = e.end();
        }
        assertThat(at).isEqualTo(dataBytes);
    }

    private byte[] damaged(String sound) {
        String text = sound;
        byte[] bytes = sound.getBytes(StandardCharsets.UTF_8);
        for (int times = 1 + random.nextInt(2); times > 0; times--) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    flipBits(bytes, bytes.length);
                    return bytes;
                }
                case 1 -> text = text.substring(0, random.nextInt(text.length() + 1));
                case 2, 3 -> text = replaceOne(text, NUMBER, NUMBERS);
                case 4 -> text = replaceOne(text, STRING, STRINGS);
                case 5 -> text = replaceSpan(text, "");
                case 6 -> text = repeatSpan(text);
                default -> text = replaceSpan(text, "" + STRUCTURE.charAt(random.nextInt(STRUCTURE.length())));
            }
            bytes = text.getBytes(StandardCharsets.UTF_8);
        }
        return bytes;
    }

    private void flipBits(byte[] bytes, int within) {
        for (int flips = 1 + random.nextInt(4); flips > 0 && within > 0; flips--) {
            bytes[random.nextInt(within)] ^= (byte) (1 << random.nextInt(8));
        }
    }

    private String replaceOne(String text, Pattern what, String[] by) {
        List<int[]> found = new ArrayList<>();
        for (Matcher m = what.matcher(text); m.find(); ) {
            found.add(new int[] {m.start(), m.end()});
        }
        if (found.isEmpty()) {
            return text;
        }
        int[] span = found.get(random.nextInt(found.size()));
        return text.substring(0, span[0]) + by[random.nextInt(by.length)] + text.substring(span[1]);
    }

    private String replaceSpan(String text, String by) {
        int begin = random.nextInt(text.length() + 1);
        int end = Math.min(text.length(), begin + random.nextInt(4));
        return text.substring(0, begin) + by + text.substring(end);
    }

    /** A whole member, an array or a bracket stands there twice. */
    private String repeatSpan(String text) {
        int begin = random.nextInt(text.length() + 1);
        int end = Math.min(text.length(), begin + random.nextInt(80));
        int at = random.nextInt(3) > 0 ? end : random.nextInt(text.length() + 1);
        return text.substring(0, at) + text.substring(begin, end) + text.substring(at);
    }
}
