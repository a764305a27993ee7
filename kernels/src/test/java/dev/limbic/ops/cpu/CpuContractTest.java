package dev.limbic.ops.cpu;

import dev.limbic.ops.Device;
import dev.limbic.ops.OpsContract;
import dev.limbic.ops.Precision;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract on the processor, with work left whole, halved and cut unevenly, and with a thread left out. */
@ParameterizedClass(name = "{1} of {0} threads")
@CsvSource({"1, 1", "2, 2", "3, 3", "3, 2"})
final class CpuContractTest extends OpsContract {
    private final TeamSize sizes;

    CpuContractTest(int threads, int atWork) {
        sizes = atWork < threads ? TeamSizeTest.oneFewer(threads) : new TeamSize(threads);
    }

    @Override
    protected Device open() {
        return new CpuDevice(sizes);
    }

    @Override
    protected Set<Precision> precisions() {
        return CpuPrecisions.all();
    }
}
