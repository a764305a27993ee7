package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cuda.TestDevice;
import java.util.EnumSet;
import java.util.Set;

/** On the simulated device, or on a chip where one is required. */
final class CudaVideoTest extends VideoContract {
    @Override
    Device open() {
        return TestDevice.open(true);
    }

    @Override
    void afterClose() {
        TestDevice.assertClean();
    }

    @Override
    Set<Precision> precisions() {
        return EnumSet.of(Precision.F32, Precision.F16);
    }

    /** cuDNN chooses another order of sums for another number of pictures. */
    @Override
    double alone(Precision precision) {
        return precision == Precision.F32 ? super.alone(precision) : 2e-3;
    }
}
