package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.ops.cpu.CpuPrecisions;
import java.util.Set;

final class CpuFinderTest extends FinderContract {
    @Override
    Device open() {
        return new CpuDevice(2);
    }

    @Override
    Set<Precision> precisions() {
        return CpuPrecisions.all();
    }
}
