package dev.limbic.preprocess.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResizerTest {
    private static final int[] SIZES = {1, 2, 3, 7, 31, 33, 64, 127};

    private Resizer resizer = new Resizer(true);
    private final Random random = new Random(11);

    /** Two passes in double with the filters as defined, each rounded to whole samples. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void smoothFiltersAreWhatTheyAreDefinedToBe(boolean warm) {
        if (warm) {
            useVectors();
        }
        for (ResizeFilter filter : new ResizeFilter[] {ResizeFilter.BILINEAR, ResizeFilter.BICUBIC}) {
            for (int channels : new int[] {1, 3}) {
                for (int in : SIZES) {
                    for (int out : SIZES) {
                        int otherIn = SIZES[random.nextInt(SIZES.length)];
                        int otherOut = SIZES[random.nextInt(SIZES.length)];
                        check(filter, channels, in, otherIn, out, otherOut);
                        check(filter, channels, otherIn, in, otherOut, out);
                    }
                }
            }
        }
    }

    private void useVectors() {
        ResizeVectors.warmUp();
        resizer = new Resizer();
    }

    private void check(ResizeFilter filter, int channels, int width, int height, int outWidth, int outHeight) {
        byte[] samples = new byte[width * height * channels];
        random.nextBytes(samples);
        byte[] found = resizer.resize(
                new Resizer.View(samples, 0, width * channels, width, height, channels),
                new Resizer.Target(outWidth, outHeight, 0, 0, outWidth, outHeight),
                filter);
        for (int y = 0; y < outHeight; y++) {
            for (int x = 0; x < outWidth; x++) {
                int c = (x + y) % channels;
                double expected = sample(filter, samples, channels, c, width, height, x, y, outWidth, outHeight);
                // Between the passes samples are whole and within their bounds, which the expectation is not.
                assertThat((double) (found[(y * outWidth + x) * channels + c] & 0xFF))
                        .as(filter + " " + width + " × " + height + " to " + outWidth + " × " + outHeight)
                        .isBetween(
                                Math.clamp(expected, 0, 255) - slack(filter),
                                Math.clamp(expected, 0, 255) + slack(filter));
            }
        }
    }

    private static double slack(ResizeFilter filter) {
        return filter == ResizeFilter.BILINEAR ? 1.01 : 40;
    }

    private static double sample(
            ResizeFilter filter,
            byte[] samples,
            int channels,
            int c,
            int width,
            int height,
            int x,
            int y,
            int outWidth,
            int outHeight) {
        double[] columns = weights(filter, width, outWidth, x);
        double[] rows = weights(filter, height, outHeight, y);
        double sum = 0;
        for (int v = 0; v < height; v++) {
            for (int u = 0; u < width && rows[v] != 0; u++) {
                sum += rows[v] * columns[u] * (samples[(v * width + u) * channels + c] & 0xFF);
            }
        }
        return sum;
    }

    private static double[] weights(ResizeFilter filter, int in, int out, int place) {
        double[] weights = new double[in];
        if (in == out) {
            weights[place] = 1;
            return weights;
        }
        double stretch = Math.max(1, (double) in / out);
        double sum = 0;
        for (int i = 0; i < in; i++) {
            weights[i] = filter.weight((i + 0.5 - (place + 0.5) * in / out) / stretch);
            sum += weights[i];
        }
        for (int i = 0; i < in; i++) {
            weights[i] /= sum;
        }
        return weights;
    }

    @Test
    void aPartOfAResultIsThatPartOfTheWhole() {
        useVectors();
        byte[] samples = new byte[61 * 47 * 3];
        random.nextBytes(samples);
        Resizer.View view = new Resizer.View(samples, 3 * (61 * 2 + 5), 61 * 3, 50, 40, 3);
        for (ResizeFilter filter : ResizeFilter.values()) {
            for (int[] size : new int[][] {{23, 31}, {31, 17}, {99, 77}, {50, 11}, {13, 40}, {50, 40}}) {
                byte[] whole =
                        resizer.resize(view, new Resizer.Target(size[0], size[1], 0, 0, size[0], size[1]), filter);
                byte[] part = resizer.resize(view, new Resizer.Target(size[0], size[1], 4, 3, 7, 5), filter);
                for (int y = 0; y < 5; y++) {
                    for (int i = 0; i < 21; i++) {
                        assertThat(part[21 * y + i]).isEqualTo(whole[3 * ((y + 3) * size[0] + 4) + i]);
                    }
                }
            }
        }
    }
}
