package dev.limbic.ops.cpu;

import dev.limbic.ops.Device;
import dev.limbic.ops.OpsContract;
import dev.limbic.ops.Precision;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract on the processor, with work left whole, halved and cut unevenly. */
@ParameterizedClass(name = "{0} threads")
@ValueSource(ints = {1, 2, 3})
final class CpuContractTest extends OpsContract {
    private final int threads;

    CpuContractTest(int threads) {
        this.threads = threads;
    }

    @Override
    protected Device open() {
        return new CpuDevice(threads);
    }

    @Override
    protected Set<Precision> precisions() {
        return EnumSet.of(Precision.F32, Precision.BF16, Precision.INT8);
    }
}
