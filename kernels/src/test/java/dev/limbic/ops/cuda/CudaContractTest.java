package dev.limbic.ops.cuda;

import dev.limbic.ops.Device;
import dev.limbic.ops.OpsContract;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cuda.sim.CudaSimulator;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The contract on CUDA: on the simulator as a Hopper and as a Turing chip, whose tensor cores know less, or on the chip of
 * this machine where that is required.
 */
@ParameterizedClass(name = "compute capability {0}")
@MethodSource("chips")
final class CudaContractTest extends OpsContract {
    private static final int OWN = 0;

    private final int chip;

    CudaContractTest(int chip) {
        this.chip = chip;
    }

    static IntStream chips() {
        return CudaSimulator.isChipRequired() ? IntStream.of(OWN) : IntStream.of(90, 75);
    }

    @Override
    protected Device open() {
        TestDevice.require();
        if (chip != OWN) {
            CudaSimulator.setChip(chip);
        }
        return TestDevice.open(true);
    }

    @Override
    protected Set<Precision> precisions() {
        return EnumSet.of(Precision.F32, Precision.F16, Precision.BF16);
    }

    @Override
    protected boolean roundsProducts() {
        return true;
    }

    @Override
    protected void afterClose() {
        TestDevice.assertClean();
        if (CudaSimulator.available()) {
            CudaSimulator.setChip(0);
        }
    }
}
