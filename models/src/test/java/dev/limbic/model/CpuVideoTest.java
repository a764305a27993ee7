package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import java.util.EnumSet;
import java.util.Set;

final class CpuVideoTest extends VideoContract {
    @Override
    Device open() {
        return new CpuDevice(2);
    }

    @Override
    Set<Precision> precisions() {
        return EnumSet.of(Precision.F32, Precision.BF16, Precision.INT8);
    }
}
