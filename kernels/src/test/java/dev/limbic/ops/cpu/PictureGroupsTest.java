package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Padding;
import dev.limbic.ops.PictureWork;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pictures in groups, each on some thread. */
final class PictureGroupsTest {
    private static final int CHANNELS = 3;

    private final Random random = new Random(5);

    private float[] normal(int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private Conv2d conv(Weights weights, int in, int out, int size) {
        HostTensor weight = HostTensor.of(Shape.of(out, in, size, size), normal(out * in * size * size));
        return weights.conv2d(weight, null, Conv2d.Geometry.of(1, Padding.all(size / 2)), Precision.F32);
    }

    /** Three layers and a mean. */
    private PictureWork network(Weights weights) {
        Conv2d first = conv(weights, CHANNELS, 16, 3);
        Conv2d second = conv(weights, 16, 24, 3);
        Conv2d third = conv(weights, 24, 8, 1);
        return (ops, x, planes) -> {
            Tensor y = ops.pictures().conv2d(x, planes, first, Activation.SILU);
            y = ops.pictures().conv2d(y, planes, second, Activation.RELU, third, Activation.NONE, null);
            return ops.pictures().globalPool(y, planes, Pooling.MEAN);
        };
    }

    private static float[] whole(CpuDevice device, PictureWork work, float[] pixels, Planes planes) {
        device.beginBatch();
        Tensor x = device.upload(pixels, planes.rows(), CHANNELS);
        return device.download(work.run(device.ops(), x, planes));
    }

    private static float[] each(CpuDevice device, PictureWork work, float[] pixels, Planes planes) {
        device.beginBatch();
        Tensor x = device.upload(pixels, planes.rows(), CHANNELS);
        return device.download(device.each(work, x, planes, work));
    }

    /** Other numbers of rows may be added up in another order. */
    private static void assertClose(float[] actual, float[] expected) {
        assertThat(actual).containsExactly(expected, Offset.offset(1e-3f));
    }

    @ParameterizedTest
    @CsvSource({"1, 7, 20, 21", "2, 2, 64, 64", "2, 9, 64, 64", "3, 40, 10, 12", "3, 6, 128, 128", "3, 4, 130, 127"})
    void groupsGiveWhatAllTogetherGive(int threads, int n, int h, int w) {
        try (CpuDevice device = new CpuDevice(threads);
                Weights weights = device.weights()) {
            PictureWork work = network(weights);
            Planes planes = new Planes(n, h, w);
            float[] pixels = normal(planes.rows() * CHANNELS);
            assertClose(each(device, work, pixels, planes), whole(device, work, pixels, planes));
        }
    }

    @Test
    void smallPicturesComeInGroupsAndLargeOnesTogether() {
        try (CpuDevice device = new CpuDevice(2)) {
            assertThat(calls(device, new Planes(1, 64, 64))).isEqualTo(1);
            assertThat(calls(device, new Planes(6, 64, 64))).isEqualTo(6);
            assertThat(calls(device, new Planes(16, 32, 32))).isEqualTo(4);
            assertThat(calls(device, new Planes(6, 224, 224))).isEqualTo(1);
        }
    }

    @Test
    void threadsAreNotLeftIdleForTheLastGroups() {
        try (CpuDevice device = new CpuDevice(3)) {
            assertThat(calls(device, new Planes(3, 64, 64))).isEqualTo(3);
            assertThat(calls(device, new Planes(4, 64, 64)))
                    .as("two rounds of three threads")
                    .isEqualTo(1);
            assertThat(calls(device, new Planes(8, 64, 64))).isEqualTo(8);
            assertThat(calls(device, new Planes(13, 32, 32))).as("one by one").isEqualTo(13);
        }
    }

    @Test
    void resultsThatDifferFromGroupToGroupAreRefused() {
        try (CpuDevice device = new CpuDevice(1)) {
            AtomicInteger calls = new AtomicInteger();
            PictureWork odd = (ops, x, part) -> calls.incrementAndGet() == 2
                    ? ops.rows().concat(List.of(x, x))
                    : ops.pictures().globalPool(x, part, Pooling.MAX);
            Planes planes = new Planes(3, 64, 64);
            float[] pixels = new float[planes.rows() * CHANNELS];
            assertThatThrownBy(() -> each(device, odd, pixels, planes)).hasMessageContaining("work on pictures");
        }
    }

    private static int calls(CpuDevice device, Planes planes) {
        AtomicInteger calls = new AtomicInteger();
        each(
                device,
                (ops, x, part) -> {
                    calls.incrementAndGet();
                    return ops.pictures().globalPool(x, part, Pooling.MAX);
                },
                new float[planes.rows() * CHANNELS],
                planes);
        return calls.get();
    }

    @Test
    void whatGoesWrongInAGroupIsToldAndTheNextBatchIsRight() {
        try (CpuDevice device = new CpuDevice(2);
                Weights weights = device.weights()) {
            PictureWork work = network(weights);
            Planes planes = new Planes(8, 48, 48);
            float[] pixels = normal(planes.rows() * CHANNELS);
            float[] expected = whole(device, work, pixels, planes);
            AtomicInteger calls = new AtomicInteger();
            PictureWork broken = (ops, x, part) -> {
                Tensor y = work.run(ops, x, part);
                if (calls.incrementAndGet() == 3) {
                    throw new IllegalArgumentException("the third group");
                }
                return y;
            };
            assertThatThrownBy(() -> each(device, broken, pixels, planes)).hasMessageContaining("the third group");
            assertClose(each(device, work, pixels, planes), expected);
        }
    }

    @Test
    void theSteadyStateAllocatesNothing() {
        try (CpuDevice device = new CpuDevice(2);
                Weights weights = device.weights()) {
            PictureWork work = network(weights);
            int[] batches = {1, 16, 3, 2, 7};
            for (int round = 0; round < 3; round++) {
                for (int n : batches) {
                    each(device, work, new float[n * 60 * 50 * CHANNELS], new Planes(n, 60, 50));
                }
            }
            device.beginBatch();
            long bytes = device.scratchBytes();
            long blocks = HostMemory.INSTANCE.liveBlocks();
            for (int round = 0; round < 30; round++) {
                for (int n : batches) {
                    each(device, work, new float[n * 60 * 50 * CHANNELS], new Planes(n, 60, 50));
                    assertThat(device.scratchBytes()).isEqualTo(bytes);
                    assertThat(HostMemory.INSTANCE.liveBlocks()).isEqualTo(blocks);
                }
            }
        }
    }
}
