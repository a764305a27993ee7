package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Convolutions of single pixels that several threads share by output channels where pictures are small, by rows where not. */
final class ConvColumnsTest {
    private static final int IN = 192;
    private static final int OUT = 1000;
    private static final Planes SMALL = new Planes(1, 7, 7);
    private static final Planes LARGE = new Planes(4, 14, 14);

    private static float[] normal(int n) {
        Random random = new Random(n);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** The results of pictures of some sizes, one behind the other through the same layer. */
    private static List<float[]> results(int threads, Precision precision, List<Planes> sizes) {
        List<float[]> all = new ArrayList<>();
        try (CpuDevice device = new CpuDevice(threads);
                Weights weights = device.weights()) {
            Conv2d conv = weights.conv2d(
                    HostTensor.of(Shape.of(OUT, IN, 1, 1), normal(OUT * IN)),
                    HostTensor.of(Shape.of(OUT), normal(OUT)),
                    Conv2d.Geometry.of(1, Padding.NONE),
                    precision);
            for (Planes planes : sizes) {
                device.beginBatch();
                Tensor x = device.upload(normal(planes.rows() * IN), planes.rows(), IN);
                Tensor y = device.ops().pictures().conv2d(x, planes, conv, Activation.RELU);
                all.add(device.download(y));
                Tensor residual = device.ops().pictures().conv2d(x, planes, conv, Activation.NONE);
                all.add(device.download(device.ops().pictures().conv2d(x, planes, conv, Activation.SILU, residual)));
            }
        }
        return all;
    }

    private static Stream<Arguments> cases() {
        List<List<Planes>> orders = List.of(List.of(SMALL, LARGE, SMALL), List.of(LARGE, SMALL, LARGE));
        return CpuPrecisions.all().stream()
                .flatMap(precision -> Stream.of(2, 3)
                        .flatMap(threads -> orders.stream().map(order -> Arguments.of(precision, threads, order))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void threadsGiveWhatOneGives(Precision precision, int threads, List<Planes> sizes) {
        List<float[]> expected = results(1, precision, sizes);
        List<float[]> found = results(threads, precision, sizes);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(largestDifference(found.get(i), expected.get(i)))
                    .as("result %d", i)
                    .isLessThan(precision == Precision.F32 ? 1e-3 : 1);
        }
    }

    private static double largestDifference(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = Math.abs(a[i] - b[i]);
            largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
        }
        return largest;
    }
}
