package dev.limbic.ops.cuda;

import dev.limbic.ops.Device;
import dev.limbic.ops.OpsContract;
import dev.limbic.ops.Precision;
import java.util.EnumSet;
import java.util.Set;

/** The contract on CUDA: on the simulator, or on a chip where one is required. */
final class CudaContractTest extends OpsContract {
    @Override
    protected Device open() {
        return TestDevice.open(true);
    }

    @Override
    protected Set<Precision> precisions() {
        return EnumSet.of(Precision.F32, Precision.F16, Precision.BF16);
    }

    @Override
    protected void afterClose() {
        TestDevice.assertClean();
    }
}
