package dev.limbic.preprocess.image.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.preprocess.image.codec.ImageDecoder.Transparency;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
    private final ImageDecoder decoder = new ImageDecoder(ImageLimits.DEFAULT);

    private Pixels decode(byte[] file) {
        return decoder.decode(new EncodedImage(file), Transparency.DROPPED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void picturesHaveTheVerySamplesThatPillowGives(boolean warm) {
        if (warm) {}
        List<String> wrong = new ArrayList<>();
        int count = 0;
        for (Map.Entry<String, JsonNode> each :
                Pictures.expected().get("pictures").properties()) {
            String name = each.getKey();
            JsonNode expected = each.getValue();
            for (Transparency transparency : Transparency.values()) {
                Pixels picture = decoder.decode(Pictures.encoded(name), transparency);
                String key = transparency == Transparency.DROPPED ? "dropped" : "on_white";
                if (picture.width() != expected.get("width").intValue()
                        || picture.height() != expected.get("height").intValue()
                        || !Pictures.sha256(picture.rgb())
                                .equals(expected.get(key).asText())) {
                    wrong.add(name + " " + key + " " + picture.width() + " × " + picture.height());
                }
                count++;
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(count).isGreaterThan(100);
    }

    @Test
    void manyThreadsDecodeAtOnce() throws Exception {
        Map<String, String> expected = new java.util.HashMap<>();
        Pictures.expected()
                .get("pictures")
                .properties()
                .forEach(each -> expected.put(
                        each.getKey(), each.getValue().get("dropped").asText()));
        List<Future<Boolean>> results = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int round = 0; round < 4; round++) {
                expected.forEach((name, sha) -> results.add(threads.submit(() ->
                        Pictures.sha256(decode(Pictures.bytes(name)).rgb()).equals(sha))));
            }
        }
        for (Future<Boolean> result : results) {
            assertThat(result.get()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "refused-animated.png, animated",
        "refused-animated.webp, animated",
        "refused-arithmetic.jpg, arithmetic coding",
        "NOTICE, 'expected JPEG, PNG or WebP'"
    })
    void whatIsNotReadIsRefusedByName(String name, String reason) {
        assertThatThrownBy(() -> decode(Pictures.bytes(name)))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rocket-422.jpg",
                "hubble-restarts.jpg",
                "coffee-progressive.jpg",
                "coffee.png",
                "coffee-interlaced.png",
                "color-palette4.png",
                "chelsea-lossy.webp",
                "coffee-lossless.webp",
                "clock-exif8.webp"
            })
    void anEndThatIsCutOffIsNoticed(String name) {
        byte[] file = Pictures.bytes(name);
        for (int length = 0; length < file.length; length += 1 + length / 97) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> decode(cut))
                    .as(name + " cut to " + length)
                    .isInstanceOf(LimbicException.Invalid.class);
        }
        byte[] lastByte = Arrays.copyOf(file, file.length - 1);
        assertThatThrownBy(() -> decode(lastByte)).isInstanceOf(LimbicException.Invalid.class);
    }

    @Test
    void tooManyBytesAreRefused() {
        ImageDecoder strict = new ImageDecoder(new ImageLimits(1000, 1 << 20, 4096));
        assertThatThrownBy(() -> strict.decode(Pictures.encoded("coffee.png"), Transparency.DROPPED))
                .isInstanceOf(LimbicException.TooLarge.class)
                .hasMessageContaining("at most 1000 bytes");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"rocket-422.jpg", "coffee-progressive.jpg", "coffee.png", "drawing.webp", "coffee-lossless.webp"
            })
    void tooManyPixelsAreRefusedByTheHeaderAlone(String name) {
        byte[] file = Pictures.bytes(name);
        byte[] header = Arrays.copyOf(file, Math.min(file.length, 2000));
        if (name.endsWith(".webp")) { // a chunk that says it is whole
            header = file;
        }
        byte[] start = header;
        ImageDecoder pixels = new ImageDecoder(new ImageLimits(1 << 20, 1000, 4096));
        assertThatThrownBy(() -> pixels.decode(new EncodedImage(start), Transparency.DROPPED))
                .isInstanceOf(LimbicException.TooLarge.class)
                .hasMessageContaining("at most 1000 pixels");
        ImageDecoder side = new ImageDecoder(new ImageLimits(1 << 20, 1 << 20, 50));
        assertThatThrownBy(() -> side.decode(new EncodedImage(start), Transparency.DROPPED))
                .isInstanceOf(LimbicException.TooLarge.class)
                .hasMessageContaining("at most 50 pixels");
    }

    /** Files of a few hundred bytes that say they have 65 535 × 65 535 pixels. */
    @Test
    void bombsAreRefusedWithoutMemory() {
        byte[] png = Pictures.bytes("one.png");
        Arrays.fill(png, 16, 24, (byte) 0x7F);
        fixSum(png, 8);
        byte[] jpeg = Pictures.bytes("one.jpg");
        int frame = indexOf(jpeg, 0xFF, 0xC0);
        Arrays.fill(jpeg, frame + 5, frame + 9, (byte) 0xFF);
        byte[] lossy = Pictures.bytes("one.webp");
        Arrays.fill(lossy, 26, 30, (byte) 0x3F);
        for (byte[] bomb : List.of(png, jpeg, lossy)) {
            assertThatThrownBy(() -> decode(bomb)).isInstanceOf(LimbicException.TooLarge.class);
        }
    }

    @Test
    void scansWithoutEndAreRefused() {
        byte[] file = Pictures.bytes("coffee-progressive.jpg");
        int scan = indexOf(file, 0xFF, 0xDA);
        int next = scan + 2 + indexOf(Arrays.copyOfRange(file, scan + 2, file.length), 0xFF, 0xDA);
        byte[] head = Arrays.copyOf(file, scan);
        byte[] body = Arrays.copyOfRange(file, scan, next);
        java.io.ByteArrayOutputStream many = new java.io.ByteArrayOutputStream();
        many.writeBytes(head);
        for (int i = 0; i < 200; i++) {
            many.writeBytes(body);
        }
        many.writeBytes(new byte[] {(byte) 0xFF, (byte) 0xD9});
        assertThatThrownBy(() -> decode(many.toByteArray()))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining("more than 100 scans");
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        for (String name : List.of("coffee.png", "one.jpg", "thin.webp", "flat.jpg")) {
            Pixels picture = decode(Pictures.bytes(name));
            Pixels again = decode(Png.write(picture));
            assertThat(again.width()).isEqualTo(picture.width());
            assertThat(again.rgb()).isEqualTo(picture.rgb());
        }
    }

    @Test
    void theClearShadeOfGreyIsFoundAmongFewBits() {
        byte[] png = HexFormat.of()
                .parseHex("89504e470d0a1a0a" + "0000000d49484452" + "00000002000000010400000000" + "00000000"
                        + "0000000274524e53" + "0005" + "00000000"
                        + "0000000d49444154" + "7801010200fdff005a005c005b" + "00000000"
                        + "0000000049454e44" + "00000000");
        for (int at = 8; at < png.length; at += 12 + ByteBuffer.wrap(png).getInt(at)) {
            fixSum(png, at);
        }
        Pixels picture = decoder.decode(new EncodedImage(png), Transparency.ON_WHITE);
        assertThat(picture.rgb()).asHexString().isEqualTo("FFFFFFAAAAAA");
        assertThat(decode(png).rgb()).asHexString().isEqualTo("555555AAAAAA");
    }

    @Test
    void fourComponentsNeedTheirMarker() {
        byte[] file = Pictures.bytes("coffee-cmyk.jpg");
        file[indexOf(file, 0xFF, 0xEE) + 1] = (byte) 0xED;
        assertThatThrownBy(() -> decode(file))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining("Adobe marker");
    }

    static int indexOf(byte[] file, int first, int second) {
        for (int i = 0; i + 1 < file.length; i++) {
            if ((file[i] & 0xFF) == first && (file[i + 1] & 0xFF) == second) {
                return i;
            }
        }
        throw new AssertionError("no such marker");
    }

    /** Makes the checksum of the chunk at a place right. */
    static void fixSum(byte[] png, int at) {
        int length = ByteBuffer.wrap(png).getInt(at);
        if (length < 0 || length > png.length - at - 12) {
            return;
        }
        java.util.zip.CRC32 sum = new java.util.zip.CRC32();
        sum.update(png, at + 4, length + 4);
        for (int i = 0; i < 4; i++) {
            png[at + 8 + length + i] = (byte) (sum.getValue() >> (24 - 8 * i));
        }
    }
}
