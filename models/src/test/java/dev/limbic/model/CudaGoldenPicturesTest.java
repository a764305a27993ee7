package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cuda.TestDevice;
import java.util.EnumSet;
import java.util.Set;

/** On the simulated device, or on a chip where one is required. */
final class CudaGoldenPicturesTest extends GoldenPicturesContract {
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
        return EnumSet.of(Precision.F32, Precision.F16, Precision.BF16);
    }

    /** cuBLAS and cuDNN choose another order of sums, and other parts to round, for another number of pictures. */
    @Override
    double alone(Precision precision) {
        return precision == Precision.F32 ? 3e-5 : precision == Precision.F16 ? 0.03 : 0.06;
    }
}
