package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.CheckedDevice;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.ops.cpu.CpuPrecisions;
import java.util.Set;

/** Inside every classifier of texts each operation is its oracle's; see {@link CheckedDevice}. */
final class CheckedGoldenTest extends GoldenContract {
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
                .containsKeys("linear", "linearAddLayerNorm", "selfAttention", "recurrent", "embed");
    }
}
