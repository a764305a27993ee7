package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.LogitChanges;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.SampleRow;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Sequences;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Native memory: none is taken in the steady state, and all of it comes back. */
final class MemoryTest {
    private static final int H = 64;

    private final long before = HostMemory.INSTANCE.liveBlocks();

    @AfterEach
    void everythingCameBack() {
        assertThat(HostMemory.INSTANCE.liveBlocks()).isEqualTo(before);
    }

    private static HostTensor host(int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        Random random = new Random(11);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() / 8;
        }
        return HostTensor.of(shape, values);
    }

    /** A small model with every operation in it. */
    private record Model(
            Tensor table, Norm norm, Linear qkv, Linear wide, Linear score, Recurrent recurrent, Linear head) {
        static Model load(Weights w, Precision precision) {
            var direction = new Weights.Direction(host(4 * 20, H), host(4 * 20, 20), host(80), host(80));
            return new Model(
                    w.tensor(host(50, H), precision.activations()),
                    new Norm(w.tensor(host(H), DType.F32), w.tensor(host(H), DType.F32), 1e-5f),
                    w.linear(host(3 * H, H), host(3 * H), precision),
                    w.linear(host(H, H), host(H), precision),
                    w.linear(host(1, H), null, precision),
                    w.recurrent(Recurrent.Cell.LSTM, List.of(direction, direction), precision),
                    w.linear(host(7, 3 * H + 80), host(7), precision));
        }

        float[] run(CpuDevice device, int... lengths) {
            Ops ops = device.ops();
            device.beginBatch();
            int[] bounds = new int[lengths.length + 1];
            for (int i = 0; i < lengths.length; i++) {
                bounds[i + 1] = bounds[i] + lengths[i];
            }
            int tokens = bounds[lengths.length];
            Sequences sequences = Sequences.on(device, bounds);
            int[] ids = new int[tokens];
            Arrays.setAll(ids, i -> i % 50);
            Tensor x = ops.rows().embed(List.of(new Lookup(table, device.upload(ids))), norm);
            try (Scope _ = ops.scope()) {
                Tensor mixed =
                        ops.attention().attention(ops.rows().linear(x, qkv, Activation.NONE), sequences, 4, false);
                ops.rows().addLayerNorm(ops.rows().linear(mixed, wide, Activation.RELU), x, norm);
            }
            Tensor features = ops.rows()
                    .concat(List.of(
                            ops.rows().pool(x, sequences, Pooling.MEAN),
                            ops.rows().pool(x, sequences, Pooling.MAX),
                            ops.rows().attentionPool(x, ops.rows().linear(x, score, Activation.TANH), sequences),
                            ops.rows()
                                    .gatherRows(
                                            ops.recurrence()
                                                    .recurrent(x, recurrent, sequences)
                                                    .outputs(),
                                            device.upload(Arrays.copyOf(bounds, lengths.length))),
                            ops.recurrence().recurrent(x, recurrent, sequences).last()));
            return device.download(ops.rows().softmax(ops.rows().linear(features, head, Activation.GELU)));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.limbic.ops.cpu.CpuPrecisions#all")
    void theSteadyStateAllocatesNothing(Precision precision) {
        int[][] batches = {{1}, {3, 1, 9}, {64, 2, 130, 1, 7}, {5, 5, 5, 5}, {200}};
        try (CpuDevice device = new CpuDevice(2);
                Weights weights = device.weights()) {
            Model model = Model.load(weights, precision);
            for (int round = 0; round < 2; round++) {
                for (int[] batch : batches) {
                    model.run(device, batch);
                }
            }
            device.beginBatch();
            long bytes = device.scratchBytes();
            long blocks = HostMemory.INSTANCE.liveBlocks();
            for (int round = 0; round < 20; round++) {
                for (int[] batch : batches) {
                    model.run(device, batch);
                    assertThat(device.scratchBytes()).isEqualTo(bytes);
                    assertThat(HostMemory.INSTANCE.liveBlocks()).isEqualTo(blocks);
                }
            }
        }
    }

    @Test
    void choosingTokensAllocatesNothingInTheSteadyState() {
        int vocabulary = 200_000; // more than a worker's own scratch holds
        SampleRow row = new SampleRow(1, 0, 0.9f, 0, 0.5, 3, LogitChanges.NONE);
        try (CpuDevice device = new CpuDevice(2)) {
            long bytes = 0;
            long blocks = 0;
            for (int round = 0; round < 20; round++) {
                device.beginBatch();
                Tensor logits = device.upload(new float[3 * vocabulary], 3, vocabulary);
                device.download(device.ops().sampling().sample(logits, List.of(row, row, row)));
                if (round == 2) {
                    bytes = device.scratchBytes();
                    blocks = HostMemory.INSTANCE.liveBlocks();
                }
            }
            assertThat(device.scratchBytes()).isEqualTo(bytes);
            assertThat(HostMemory.INSTANCE.liveBlocks()).isEqualTo(blocks);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.limbic.ops.cpu.CpuPrecisions#all")
    void aFailedLoadGivesEverythingBack(Precision precision) {
        try (CpuDevice device = new CpuDevice(2)) {
            long opened = HostMemory.INSTANCE.liveBlocks();
            try (Weights weights = device.weights()) {
                weights.tensor(host(3, H), DType.F32);
                weights.linear(host(5, H), host(5), precision);
                assertThatThrownBy(() -> weights.linear(host(5, H), host(4), precision))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> weights.tensor(host(3, H), DType.I8))
                        .isInstanceOf(IllegalArgumentException.class);
                var bad = new Weights.Direction(host(80, H), host(79, 20), host(80), host(80));
                assertThatThrownBy(() -> weights.recurrent(Recurrent.Cell.LSTM, List.of(bad), precision))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            assertThat(HostMemory.INSTANCE.liveBlocks()).isEqualTo(opened);
        }
    }

    @Test
    void closingTwiceIsHarmless() {
        CpuDevice device = new CpuDevice(2);
        Weights weights = device.weights();
        Model.load(weights, Precision.F32).run(device, 3, 4);
        weights.close();
        weights.close();
        device.close();
        device.close();
    }

    @Test
    void gatherRowsReadsNothingOutsideItsInput() {
        try (CpuDevice device = new CpuDevice(1)) {
            Tensor x = device.upload(new float[12], 4, 3);
            for (int bad : new int[] {-1, 4, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                Tensor rows = device.upload(new int[] {0, bad});
                assertThatThrownBy(() -> device.ops().rows().gatherRows(x, rows))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("gatherRows");
            }
        }
    }
}
