package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.Activation;
import dev.limbic.ops.DeviceException;
import dev.limbic.ops.Extent;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Sequences;
import dev.limbic.ops.Weights;
import dev.limbic.ops.cuda.sim.CudaSimulator;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Recorded work gives what work gives, for as long as its memory is where it was. */
final class CudaGraphsTest {
    private static final int HEADS = 2;
    private static final int WIDTH = 24;

    private final AtomicInteger runs = new AtomicInteger();
    private CudaDevice device = TestDevice.open(true);
    private Weights weights = device.weights();
    private Linear qkv = layer(3 * WIDTH, WIDTH);

    @AfterEach
    void close() {
        weights.close();
        device.close();
        TestDevice.assertClean();
    }

    private static float[] random(int seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    private Linear layer(int out, int in) {
        return weights.linear(HostTensor.of(Shape.of(out, in), random(5, out * in)), null, Precision.F16);
    }

    private void reopen(boolean graphs) {
        weights.close();
        device.close();
        device = TestDevice.open(graphs);
        weights = device.weights();
        qkv = layer(3 * WIDTH, WIDTH);
    }

    private float[] run(Object key, int seed, int... bounds) {
        device.beginBatch();
        int tokens = bounds[bounds.length - 1];
        Tensor input = device.upload(random(seed, tokens * WIDTH), tokens, WIDTH);
        Extent extent = new Extent(tokens, bounds.length - 1, 64);
        Sequences sequences = Sequences.padded(device, bounds, extent);
        Tensor y = device.replay(key, extent, () -> {
            runs.incrementAndGet();
            Tensor attended = device.ops().attention().selfAttention(input, qkv, sequences, HEADS, false);
            return device.ops().rows().linear(attended, qkv, Activation.TANH);
        });
        return device.download(y);
    }

    @Test
    void replayedWorkGivesTheSameBitsAsWorkThatIsNotRecorded() {
        int[][] batches = {{0, 5, 16, 16}, {0, 16, 16, 16}, {0, 1, 2, 16}};
        float[][] recorded = new float[6][];
        for (int i = 0; i < recorded.length; i++) {
            recorded[i] = run("a", i, batches[i % 3]);
        }
        assertThat(runs).as("once as it is, once to record").hasValue(2);
        reopen(false);
        for (int i = 0; i < recorded.length; i++) {
            assertThat(run("a", i, batches[i % 3])).isEqualTo(recorded[i]);
        }
        assertThat(runs).as("every time, with graphs off").hasValue(2 + recorded.length);
    }

    @Test
    void whatIsAllocatedAfterAReplayDoesNotOverlapIt() {
        run("a", 1, 0, 16);
        float[] expected = run("a", 2, 0, 16);
        device.beginBatch();
        Tensor input = device.upload(random(2, 16 * WIDTH), 16, WIDTH);
        Extent extent = new Extent(16, 1, 64);
        Sequences.padded(device, new int[] {0, 16}, extent);
        Tensor y = device.replay("a", extent, () -> {
            throw new AssertionError("recorded already");
        });
        device.upload(new float[100_000], 1000, 100);
        assertThat(input.rows()).isEqualTo(16);
        assertThat(device.download(y)).isEqualTo(expected);
    }

    @Test
    void recordsAnewWhenMemoryHasMoved() {
        float[] first = run("a", 1, 0, 16);
        run("a", 1, 0, 16);
        device.beginBatch();
        device.upload(new float[20_000_000], 2000, 10_000); // more than there is: another block, then one of both
        device.beginBatch();
        runs.set(0);
        assertThat(run("a", 1, 0, 16)).isEqualTo(first);
        assertThat(run("a", 1, 0, 16)).isEqualTo(first);
        assertThat(runs).hasValue(2);
    }

    @Test
    void keepsABoundedNumber() {
        for (int i = 0; i < 272; i++) {
            run(i, 1, 0, 16);
        }
        runs.set(0);
        run(271, 1, 0, 16);
        assertThat(runs).as("a recent one").hasValue(0);
        run(0, 1, 0, 16);
        assertThat(runs).as("an old one").hasValue(2);
    }

    @Test
    void graphsAreForgottenWithTheWeightsTheyPointTo() {
        run("a", 1, 0, 16);
        weights.close();
        weights = device.weights();
        qkv = layer(3 * WIDTH, WIDTH);
        runs.set(0);
        run("a", 1, 0, 16);
        assertThat(runs).hasValue(2);
    }

    @Test
    void workOfOtherExtentsAndOtherKeysIsRecordedApart() {
        float[] two = run("a", 1, 0, 16, 16);
        float[] one = run("a", 1, 0, 16);
        assertThat(one).isEqualTo(two);
        run("a", 2, 0, 5, 16);
        run("a", 2, 0, 5, 16);
        runs.set(0);
        run("b", 1, 0, 16);
        assertThat(runs).as("another key").hasValue(2);
    }

    @Test
    void workThatFailsWhileItIsRecordedLeavesTheStreamUsable() {
        float[] expected = run("a", 1, 0, 16);
        device.beginBatch();
        AtomicInteger calls = new AtomicInteger();
        assertThatThrownBy(() -> device.replay("failing", new Extent(16, 1, 64), () -> {
                    if (calls.incrementAndGet() == 2) {
                        throw new IllegalStateException("while it is recorded");
                    }
                    return device.ops().rows().softmax(device.upload(new float[4], 2, 2));
                }))
                .hasMessage("while it is recorded");
        assertThat(run("a", 1, 0, 16)).isEqualTo(expected);
    }

    @Test
    void workThatCannotBeRecordedTurnsGraphsOffAndIsRight() {
        device.beginBatch();
        Tensor x = device.upload(new float[] {1, 1, 3, 3}, 2, 2);
        Tensor y = device.replay("waits", new Extent(2, 1, 64), () -> {
            Tensor soft = device.ops().rows().softmax(x);
            device.download(soft); // waits for the stream, which a recording does not allow
            return soft;
        });
        assertThat(device.download(y)).containsExactly(0.5f, 0.5f, 0.5f, 0.5f);
        runs.set(0);
        float[] first = run("a", 1, 0, 16);
        assertThat(run("a", 1, 0, 16)).isEqualTo(first);
        assertThat(runs).as("each time, as graphs are off").hasValue(2);
        if (CudaSimulator.available()) {
            CudaSimulator.takeFault();
        }
    }

    @Test
    void uploadsOfABatchThatWasGivenUpAreNotOverwritten() {
        Linear layer = layer(WIDTH, WIDTH);
        for (int i = 0; i < 20; i++) {
            device.beginBatch();
            Tensor given = device.upload(random(i, 500 * WIDTH), 500, WIDTH);
            device.ops().rows().linear(given, layer, Activation.NONE); // nobody waits for it
            device.beginBatch();
            float[] values = random(1000 + i, 500 * WIDTH);
            assertThat(device.download(device.upload(values, 500, WIDTH))).isEqualTo(values);
        }
    }

    @Test
    void everyBatchFitsWhatItIsPaddedTo() {
        for (int tokens = 1; tokens <= 4200; tokens += tokens < 300 ? 1 : 37) {
            for (int sequences : new int[] {1, 2, 3, 7, 8, 64}) {
                int longest = Math.max(1, tokens / sequences);
                Extent padded = device.padded(new Extent(tokens, sequences, longest));
                assertThat(padded.tokens()).isBetween(tokens, Math.max(tokens + 8, tokens * 9 / 8 + 1));
                if (padded.tokens() > tokens) {
                    assertThat(padded.sequences()).as("room for the padding").isGreaterThan(sequences);
                    assertThat(padded.longest()).isGreaterThanOrEqualTo(padded.tokens() - tokens);
                }
                assertThat(padded.longest()).isGreaterThanOrEqualTo(longest);
            }
        }
    }

    @Test
    void stagingSurvivesWantOfPinnedMemory() {
        CudaSimulator.install();
        device.beginBatch();
        CudaSimulator.limitMemory(1 << 20);
        try {
            assertThatThrownBy(() -> device.upload(new float[4_000_000], 4000, 1000))
                    .isInstanceOf(DeviceException.class);
        } finally {
            CudaSimulator.limitMemory(0);
        }
        assertThat(run("a", 1, 0, 16)).doesNotContain(Float.NaN);
        CudaSimulator.takeFault();
    }
}
