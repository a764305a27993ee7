package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A token is drawn from the last bit of its logits: how far rows of a decoding step are the same to that bit. */
final class FewRowsTest {
    private static final int[][] SHAPES = {{768, 640}, {3072, 200}, {770, 1025}, {65, 130}, {1100, 64}};

    private final Random random = new Random(3);

    private HostTensor normal(double deviation, int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return HostTensor.of(shape, values);
    }

    private interface Check {
        void of(CpuDevice device, Linear linear, float[] x);
    }

    private void forEachLayer(Precision precision, int threads, Check check) {
        try (CpuDevice device = new CpuDevice(threads);
                Weights weights = device.weights()) {
            assumeTrue(device.supports(precision));
            for (int[] shape : SHAPES) {
                Linear linear = weights.linear(
                        List.of(normal(0.05, shape[1], shape[0])), List.of(normal(1, shape[1])), precision);
                check.of(device, linear, normal(1, 64, shape[0]).toFloats());
            }
        }
    }

    private static float[] run(CpuDevice device, Linear linear, float[] x, int from, int rows) {
        device.beginBatch();
        int k = linear.in();
        Tensor input = device.upload(Arrays.copyOfRange(x, from * k, (from + rows) * k), rows, k);
        return device.download(device.ops().rows().linear(input, linear, Activation.GELU_TANH));
    }

    /** Added to what the layer gave before. */
    private static float[] runAdd(CpuDevice device, Linear linear, float[] x, int from, int rows) {
        device.beginBatch();
        int k = linear.in();
        Tensor input = device.upload(Arrays.copyOfRange(x, from * k, (from + rows) * k), rows, k);
        Tensor residual = device.ops().rows().linear(input, linear, Activation.GELU_TANH);
        device.ops().rows().linearAdd(input, linear, residual);
        return device.download(residual);
    }

    private interface Run {
        float[] of(CpuDevice device, Linear linear, float[] x, int from, int rows);
    }

    private static void compare(Run run, CpuDevice device, Linear linear, float[] x, int whole, int rows) {
        float[] all = run.of(device, linear, x, 0, whole);
        for (int from = 0; from + rows <= whole; from += rows) {
            float[] part = run.of(device, linear, x, from, rows);
            assertThat(part)
                    .as("rows %d to %d of %d, K %d", from, from + rows - 1, whole, linear.in())
                    .isEqualTo(Arrays.copyOfRange(all, from * linear.out(), (from + rows) * linear.out()));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "INT8"})
    void aRowIsTheSameInAnyCompany(Precision precision) {
        for (int threads = 1; threads <= 3; threads++) {
            forEachLayer(precision, threads, (device, linear, x) -> {
                for (int rows : new int[] {1, 2, 3, 5, 8, 16}) {
                    compare(FewRowsTest::run, device, linear, x, 64, rows);
                    if (precision != Precision.BF16) { // see docs/cpu-engine.md
                        compare(FewRowsTest::runAdd, device, linear, x, 64, rows);
                    }
                }
            });
        }
    }

    /** Else a device on which oneDNN adds in another order would give a row other bits in company. */
    @Test
    void anotherOrderIsFoundOut() {
        try (CpuDevice device = new CpuDevice(1)) {
            assumeTrue(device.supports(Precision.BF16) && Bf16Sums.areOneDnns(1536));
        }
        assertThat(Bf16Sums.areOneDnns(1536, (x, stride, w, lanes, y, yStride, part) -> {
                    StreamKernels.bf16Rows(x, stride, w, lanes, y, yStride); // without windows
                }))
                .isFalse();
    }

    @Test
    void anotherOrderOfF32IsFoundOut() {
        assumeTrue(F32Sums.areOneDnns(3072));
        assertThat(F32Sums.areOneDnns(3072, 3072)).isFalse(); // without windows
        assertThat(F32Sums.areOneDnns(3072, 512)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8"})
    void largestIntegersDoNotOverflow(Precision precision) {
        try (CpuDevice device = new CpuDevice(2);
                Weights weights = device.weights()) {
            assumeTrue(device.supports(precision));
            for (float sign : new float[] {1, -1}) {
                float[] ones = new float[130 * 640];
                Arrays.fill(ones, sign);
                float[] x = new float[640];
                Arrays.fill(x, 1);
                Linear linear = weights.linear(List.of(HostTensor.of(Shape.of(130, 640), ones)), List.of(), precision);
                device.beginBatch();
                float[] y =
                        device.download(device.ops().rows().linear(device.upload(x, 1, 640), linear, Activation.NONE));
                for (float v : y) {
                    assertThat(v).isBetween(sign * 640 - 0.5f, sign * 640 + 0.5f);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "INT8"})
    void aRowIsTheSameWhoeverComputesIt(Precision precision) {
        forEachLayer(precision, 3, (all, linear, x) -> {
            try (CpuDevice fewer = new CpuDevice(TeamSizeTest.oneFewer(3))) {
                for (int rows : new int[] {1, 8, 64}) {
                    assertThat(run(fewer, linear, x, 0, rows)).isEqualTo(run(all, linear, x, 0, rows));
                }
            }
        });
    }
}
