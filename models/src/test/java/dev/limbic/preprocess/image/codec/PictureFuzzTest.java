package dev.limbic.preprocess.image.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.LimbicException;
import dev.limbic.preprocess.image.codec.ImageDecoder.Transparency;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damaged pictures end in pixels or in a refusal, in bounded memory; a hang ends the test by its timeout. */
class PictureFuzzTest {
    private static final int MUTATIONS = 40_000;
    private static final long SEED = 20261127;

    /** What decoding may ask for: 16 bytes a pixel of the limits, and some for the file. */
    private static final long MOST_BYTES = 20 << 20;

    private final ImageDecoder decoder = new ImageDecoder(new ImageLimits(1 << 20, 1 << 20, 2000));

    @Test
    void damagedPicturesEndInPixelsOrInARefusal() {
        List<byte[]> files = new ArrayList<>();
        for (String name : Pictures.all()) {
            files.add(Pictures.bytes(name));
        }
        PixelMemory.watch();
        Random random = new Random(SEED);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int pictures = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] file = mutated(files.get(random.nextInt(files.size())), random);
            Transparency transparency = random.nextBoolean() ? Transparency.DROPPED : Transparency.ON_WHITE;
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                Pixels picture = decoder.decode(new EncodedImage(file), transparency);
                assertThat(picture.width() * picture.height()).isLessThanOrEqualTo(1 << 20);
                pictures++;
            } catch (LimbicException.Invalid | LimbicException.TooLarge e) {
                assertThat(e).hasMessageMatching("(?s)(picture|JPEG|PNG|WebP): .*");
            } catch (RuntimeException e) {
                throw new AssertionError("mutation " + i, e);
            }
            long used = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(used).as("bytes for mutation " + i).isLessThan(MOST_BYTES);
        }
        assertThat(PixelMemory.pictures()).isGreaterThan(MUTATIONS / 20);
        assertThat(PixelMemory.live()).isZero();
        assertThat(PixelMemory.largest()).isLessThanOrEqualTo(4 << 20);
        // Most damage is noticed, but not all of it can be.
        assertThat(pictures).isBetween(MUTATIONS / 20, MUTATIONS * 19 / 20);
    }

    private static byte[] mutated(byte[] file, Random random) {
        byte[] result = file.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int head = Math.min(result.length, 64);
            int at = random.nextInt(random.nextBoolean() ? head : result.length);
            switch (random.nextInt(7)) {
                case 0, 1 -> result[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> result[at] = (byte) random.nextInt();
                case 3 -> { // a number, such as a size
                    int[] numbers = {0, 1, 2, 0x7F, 0xFF};
                    for (int k = 0; k < 1 + random.nextInt(4) && at + k < result.length; k++) {
                        result[at + k] = (byte) numbers[random.nextInt(numbers.length)];
                    }
                }
                case 4 -> result = Arrays.copyOf(result, 1 + at);
                case 5 -> { // a piece comes twice
                    int length = Math.min(1 + random.nextInt(64), result.length - at);
                    byte[] longer = Arrays.copyOf(result, result.length + length);
                    System.arraycopy(result, at, longer, at + length, result.length - at);
                    result = longer;
                }
                default -> { // a piece is lost
                    int length = Math.min(1 + random.nextInt(64), result.length - 1 - at);
                    if (length > 0) {
                        System.arraycopy(result, at + length, result, at, result.length - at - length);
                        result = Arrays.copyOf(result, result.length - length);
                    }
                }
            }
        }
        if (random.nextInt(4) > 0) {
            mend(result);
        }
        return result;
    }

    /** Without this a PNG would be refused by its checksums alone, a WebP by its length. */
    private static void mend(byte[] file) {
        if (file.length > 12 && file[0] == 'R') {
            for (int i = 0; i < 4; i++) {
                file[4 + i] = (byte) ((file.length - 8) >> (8 * i));
            }
        }
        if (file.length > 8 && file[1] == 'P' && file[2] == 'N') {
            for (int at = 8; at + 12 <= file.length; ) {
                ImageDecoderTest.fixSum(file, at);
                int length = ByteBuffer.wrap(file).getInt(at);
                if (length < 0 || length > file.length - at - 12) {
                    return;
                }
                at += length + 12;
            }
        }
    }
}
