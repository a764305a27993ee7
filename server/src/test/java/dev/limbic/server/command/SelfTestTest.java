package dev.limbic.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.Device;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The doctor's comparison of devices knows every operation that there is. */
final class SelfTestTest {
    /** Operations of all families, by name. */
    private static Set<String> operations() {
        Set<String> names = new TreeSet<>();
        for (RecordComponent family : Ops.class.getRecordComponents()) {
            if (family.getType().getPackage().equals(Ops.class.getPackage())) {
                Arrays.stream(family.getType().getDeclaredMethods())
                        .filter(method -> !method.isSynthetic())
                        .map(Method::getName)
                        .forEach(names::add);
            }
        }
        return names;
    }

    @Test
    void noOperationIsMissing() {
        Set<String> missing = operations();
        assertThat(missing).contains("linear", "cachedAttention", "recurrent", "sample");
        for (String name : SelfTest.names()) {
            missing.remove(name.split("[ ,]", -1)[0]);
        }
        assertThat(missing).as("operations that the doctor does not run").isEmpty();
    }

    @Test
    void aDeviceAgreesWithItself() {
        try (Device device = new CpuDevice(2);
                Device reference = new CpuDevice(1)) {
            List<Precision> precisions =
                    Arrays.stream(Precision.values()).filter(device::supports).toList();
            List<SelfTest.Result> results = SelfTest.run(device, reference, precisions);
            assertThat(results).hasSize(precisions.size() * SelfTest.names().size());
            assertThat(results).allMatch(SelfTest.Result::passed);
        }
    }
}
