package dev.limbic.preprocess.image.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.ImageSource.PixelFormat;
import dev.limbic.domain.ImageSource.RawImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.preprocess.image.codec.ImageDecoder.Transparency;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RawPixelsTest {
    private final ImageDecoder decoder = new ImageDecoder(new ImageLimits(1 << 20, 1 << 16, 1 << 12));

    private byte[] rgb(PixelFormat format, int width, int height, int stride, int... samples) {
        byte[] bytes = new byte[samples.length];
        for (int i = 0; i < samples.length; i++) {
            bytes[i] = (byte) samples[i];
        }
        Pixels picture = decoder.decode(new RawImage(format, width, height, stride, bytes), Transparency.ON_WHITE);
        assertThat(picture.width()).isEqualTo(width);
        assertThat(picture.height()).isEqualTo(height);
        return picture.rgb();
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @Test
    void interleavedSamplesWithGapsBetweenRows() {
        assertThat(rgb(PixelFormat.RGB, 1, 2, 5, 1, 2, 3, 99, 99, 4, 5, 6)).isEqualTo(bytes(1, 2, 3, 4, 5, 6));
        assertThat(rgb(PixelFormat.RGBA, 2, 1, 0, 1, 2, 3, 255, 9, 9, 9, 0)).isEqualTo(bytes(1, 2, 3, 255, 255, 255));
        assertThat(rgb(PixelFormat.BGRA, 1, 1, 0, 1, 2, 3, 255)).isEqualTo(bytes(3, 2, 1));
        assertThat(rgb(PixelFormat.GREY, 2, 2, 3, 7, 8, 99, 9, 10))
                .isEqualTo(bytes(7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 10));
    }

    /** Against the matrix of BT.601 in double: R = 1.164 (Y − 16) + 1.596 V and so on. */
    @Test
    void videoRangeOfBt601() {
        for (int y = 0; y < 256; y += 5) {
            for (int u = 0; u < 256; u += 17) {
                for (int v = 0; v < 256; v += 15) {
                    byte[] nv12 = rgb(PixelFormat.NV12, 1, 1, 2, y, 0, u, v);
                    assertThat(rgb(PixelFormat.I420, 1, 1, 1, y, u, v)).isEqualTo(nv12);
                    double luma = 255 / 219.0 * Math.max(0, y - 16);
                    double cb = 255 / 224.0 * (u - 128);
                    double cr = 255 / 224.0 * (v - 128);
                    assertNear(nv12[0], luma + 1.402 * cr);
                    assertNear(nv12[1], luma - 0.344136 * cb - 0.714136 * cr);
                    assertNear(nv12[2], luma + 1.772 * cb);
                }
            }
        }
    }

    private static void assertNear(byte found, double expected) {
        assertThat((double) (found & 0xFF))
                .isBetween(Math.clamp(expected, 0, 255) - 1.01, Math.clamp(expected, 0, 255) + 1.01);
    }

    @Test
    void chromaOfOddSizesCoversTheLastColumnAndRow() {
        // 3 × 3 pixels: 2 × 2 samples of U and V
        byte[] planar = rgb(
                PixelFormat.I420,
                3,
                3,
                4,
                81,
                81,
                81,
                0,
                81,
                81,
                81,
                0,
                81,
                81,
                81,
                0,
                90,
                128,
                128,
                90,
                240,
                128,
                128,
                240);
        byte[] red = rgb(PixelFormat.I420, 1, 1, 1, 81, 90, 240);
        byte[] grey = rgb(PixelFormat.I420, 1, 1, 1, 81, 128, 128);
        for (int pixel = 0; pixel < 9; pixel++) {
            boolean isRed = pixel < 2 || pixel == 3 || pixel == 4 || pixel == 8;
            assertThat(java.util.Arrays.copyOfRange(planar, 3 * pixel, 3 * pixel + 3))
                    .isEqualTo(isRed ? red : grey);
        }
        byte[] pairs = rgb(
                PixelFormat.NV12,
                3,
                3,
                4,
                81,
                81,
                81,
                0,
                81,
                81,
                81,
                0,
                81,
                81,
                81,
                0,
                90,
                240,
                128,
                128,
                128,
                128,
                90,
                240);
        assertThat(pairs).isEqualTo(planar);
    }

    @ParameterizedTest
    @EnumSource
    void whatDoesNotFitIsRefused(PixelFormat format) {
        int width = 5;
        int height = 3;
        int needed = 0;
        for (int length = 0; ; length++) {
            try {
                decoder.decode(new RawImage(format, width, height, 0, new byte[length]), Transparency.DROPPED);
                needed = length;
                break;
            } catch (LimbicException.Invalid e) {
                assertThat(e).hasMessageContaining("found " + length);
            }
        }
        int expected = switch (format) {
            case RGB -> 45;
            case RGBA, BGRA -> 60;
            case GREY -> 15;
            case NV12 -> 6 * 3 + 2 * 6;
            case I420 -> 15 + 2 * 2 * 3;
        };
        assertThat(needed).isEqualTo(expected);
        assertThatThrownBy(() ->
                        decoder.decode(new RawImage(format, width, height, 4, new byte[999]), Transparency.DROPPED))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining("stride");
        assertThatThrownBy(() -> decoder.decode(new RawImage(format, 0, 1, 0, new byte[9]), Transparency.DROPPED))
                .isInstanceOf(LimbicException.Invalid.class);
        assertThatThrownBy(() -> decoder.decode(new RawImage(format, -3, -5, 0, new byte[99]), Transparency.DROPPED))
                .isInstanceOf(LimbicException.Invalid.class);
        assertThatThrownBy(() -> decoder.decode(
                        new RawImage(format, Integer.MAX_VALUE, 2, 0, new byte[9]), Transparency.DROPPED))
                .isInstanceOf(LimbicException.TooLarge.class);
        assertThatThrownBy(() -> decoder.decode(
                        new RawImage(format, 4000, 16, Integer.MAX_VALUE, new byte[9]), Transparency.DROPPED))
                .isInstanceOf(LimbicException.Invalid.class);
    }
}
