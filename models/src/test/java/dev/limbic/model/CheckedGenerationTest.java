package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.CheckedDevice;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.ops.cpu.CpuPrecisions;
import java.util.Set;

/** Inside every decoder each operation is its oracle's; see {@link CheckedDevice}. */
final class CheckedGenerationTest extends GenerationContract {
    @Override
    Device open() {
        return new CheckedDevice(new CpuDevice(2));
    }

    @Override
    Set<Precision> precisions() {
        return CpuPrecisions.of(Precision.F32, Precision.INT8);
    }

    @Override
    void afterClose() {
        assertThat(((CheckedDevice) device()).comparisons())
                .containsKeys("linear", "cachedAttention", "rotary", "rmsNorm", "layerNorm", "swiGlu", "embed", "add");
    }
}
