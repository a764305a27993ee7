package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Convolutions of 3 × 3 by tiles; that they are right is {@link CpuContractTest}'s matter. */
final class WinogradTest {
    private static final int IN = 64;
    private static final int OUT = 96;

    private static float[] normal(int n, long seed) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Conv2d conv(Weights weights) {
        return weights.conv2d(
                HostTensor.of(Shape.of(OUT, IN, 3, 3), normal(OUT * IN * 9, 1)),
                HostTensor.of(Shape.of(OUT), normal(OUT, 2)),
                Conv2d.Geometry.of(1, Padding.all(1)),
                Precision.F32);
    }

    private static float[] run(CpuDevice device, Conv2d conv, float[] x, Planes planes) {
        device.beginBatch();
        Tensor input = device.upload(x, planes.rows(), IN);
        return device.download(device.ops().pictures().conv2d(input, planes, conv, Activation.SILU));
    }

    /** The bits of all pictures at once, on so many threads, and of each alone. */
    private static List<float[]> results(int threads, int size, float[] x, int n) {
        List<float[]> all = new ArrayList<>();
        int length = size * size * IN;
        try (CpuDevice device = new CpuDevice(threads);
                Weights weights = device.weights()) {
            Conv2d conv = conv(weights);
            float[] together = run(device, conv, x, new Planes(n, size, size));
            for (int i = 0; i < n; i++) {
                all.add(run(
                        device, conv, Arrays.copyOfRange(x, i * length, (i + 1) * length), new Planes(1, size, size)));
                int part = together.length / n;
                all.add(Arrays.copyOfRange(together, i * part, (i + 1) * part));
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 27, 57})
    void aPictureHasTheSameBitsInAnyCompanyOnAnyNumberOfThreads(int size) {
        int n = 5;
        float[] x = normal(n * size * size * IN, size);
        List<float[]> expected = results(1, size, x, n);
        for (int threads : new int[] {1, 2, 3, 16}) { // of 16 the last has one tile
            List<float[]> found = results(threads, size, x, n);
            for (int i = 0; i < found.size(); i++) {
                assertThat(Arrays.equals(found.get(i), expected.get(i / 2 * 2)))
                        .as("picture %d, %s, %d threads", i / 2, i % 2 == 0 ? "alone" : "with others", threads)
                        .isTrue();
            }
        }
    }

    /** Whichever threads took part before. */
    @Test
    void theSteadyStateAllocatesNothing() {
        try (CpuDevice device = new CpuDevice(2);
                Weights weights = device.weights()) {
            Conv2d conv = conv(weights);
            Planes planes = new Planes(1, 56, 56);
            float[] x = normal(planes.rows() * IN, 4);
            run(device, conv, x, planes);
            device.beginBatch();
            long before = device.scratchBytes();
            for (int i = 0; i < 50; i++) {
                run(device, conv, x, planes);
            }
            device.beginBatch();
            assertThat(device.scratchBytes()).isEqualTo(before);
        }
    }

    /** Small ones are convolved as ever, whose weights come from the same place whatever came first. */
    @Test
    void sizesMayComeInAnyOrder() {
        List<Planes> sizes = List.of(new Planes(1, 28, 28), new Planes(1, 7, 7), new Planes(1, 14, 14));
        try (CpuDevice device = new CpuDevice(2);
                Weights weights = device.weights()) {
            Conv2d forth = conv(weights);
            List<float[]> first = sizes.stream()
                    .map(p -> run(device, forth, normal(p.rows() * IN, 3), p))
                    .toList();
            Conv2d back = conv(weights);
            for (int i = sizes.size() - 1; i >= 0; i--) {
                Planes p = sizes.get(i);
                float[] again = run(device, back, normal(p.rows() * IN, 3), p);
                assertThat(Arrays.equals(again, first.get(i))).as("%s", p).isTrue();
            }
        }
    }

    private static ConvLayer.Sliding sliding(int in, int out, int size, int stride, int dilation, int groups) {
        return new ConvLayer.Sliding(new Conv2d.Kernel(in, out, size, size), stride, dilation, groups, false);
    }

    @Test
    void onlyWhatTilesAreQuickerForIsCutIntoTiles() {
        Planes large = new Planes(1, 56, 24);
        assertThat(WinogradTile.of(sliding(64, 128, 3, 1, 1, 1), DType.F32, DType.F32, large))
                .isEqualTo(WinogradTile.FOUR);
        assertThat(WinogradTile.of(sliding(64, 256, 3, 1, 1, 1), DType.F32, DType.F32, large))
                .isEqualTo(WinogradTile.TWO);
        assertThat(WinogradTile.of(sliding(64, 128, 3, 1, 1, 1), DType.F32, DType.F32, new Planes(9, 56, 23)))
                .isEqualTo(WinogradTile.TWO);
        assertThat(WinogradTile.of(sliding(64, 128, 3, 1, 1, 1), DType.F32, DType.F32, new Planes(9, 56, 11)))
                .isNull();
        assertThat(WinogradTile.of(sliding(64, 128, 3, 1, 1, 1), DType.BF16, DType.BF16, large))
                .isNull();
        for (ConvLayer.Sliding other : List.of(
                sliding(64, 64, 5, 1, 1, 1),
                sliding(64, 64, 3, 2, 1, 1),
                sliding(64, 64, 3, 1, 2, 1),
                sliding(64, 64, 3, 1, 1, 2),
                sliding(3, 64, 3, 1, 1, 1),
                sliding(64, 30, 3, 1, 1, 1),
                sliding(512, 512, 3, 1, 1, 1))) {
            assertThat(WinogradTile.of(other, DType.F32, DType.F32, large))
                    .as("%s", other)
                    .isNull();
        }
    }
}
