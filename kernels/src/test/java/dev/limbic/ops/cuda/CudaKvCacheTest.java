package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limbic.ops.AttentionOps;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.DeviceException;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.cuda.sim.CudaSimulator;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Device memory of keys and values: zeroed, counted, given back, refused when there is none. */
final class CudaKvCacheTest {
    private CudaDevice device;

    @BeforeEach
    void open() {
        device = TestDevice.open(true);
    }

    @AfterEach
    void close() {
        device.close();
        TestDevice.assertClean();
    }

    private Tensor attend(KvCache cache) {
        CachedSequences one = CachedSequences.on(device, new int[] {0, 1}, new int[][] {{1}}, new int[] {3}, 4, 2);
        Tensor qkv = device.upload(new float[24], 1, 24);
        return device.ops().attention().cachedAttention(qkv, cache, 1, one, new Heads(1, 1, 8), AttentionOps.NO_WINDOW);
    }

    @Test
    void aNewCacheIsZero() {
        device.beginBatch();
        try (KvCache cache = device.kvCache(2, 1, 8, 4, 2, DType.F16)) {
            assertThat(device.download(attend(cache))).containsOnly(0);
        }
    }

    @Test
    void closingGivesTheMemoryBackOnce() {
        device.beginBatch();
        long before = device.liveBlocks();
        KvCache cache = device.kvCache(2, 1, 8, 4, 2, DType.BF16);
        assertThat(device.liveBlocks()).isEqualTo(before + 1);
        cache.close();
        cache.close();
        assertThat(device.liveBlocks()).isEqualTo(before);
        assertThatThrownBy(() -> attend(cache))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void aCacheThatDoesNotFitIsOutOfMemory() {
        assumeTrue(!CudaSimulator.isChipRequired(), "a chip's memory cannot be limited");
        CudaSimulator.limitMemory(1 << 20);
        try {
            assertThatThrownBy(() -> device.kvCache(2, 8, 64, 16, 200, DType.F16))
                    .asInstanceOf(InstanceOfAssertFactories.type(DeviceException.class))
                    .extracting(DeviceException::kind)
                    .isEqualTo(DeviceException.Kind.OUT_OF_MEMORY);
        } finally {
            CudaSimulator.limitMemory(0);
            CudaSimulator.takeFault(); // the simulator notes what it refuses
        }
        device.kvCache(2, 8, 64, 16, 200, DType.F16).close();
    }
}
