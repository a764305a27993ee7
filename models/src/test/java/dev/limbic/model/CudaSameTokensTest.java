package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cuda.TestDevice;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** On the simulated device, or on a chip where one is required. */
final class CudaSameTokensTest extends SameTokensContract {
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
        return EnumSet.of(Precision.F32, Precision.BF16);
    }

    @Override
    List<String> models() {
        return List.of("gpt2", "qwen2");
    }

    /** The library for products chooses another way to sum for other numbers of rows. */
    @Override
    boolean bitByBit() {
        return false;
    }
}
