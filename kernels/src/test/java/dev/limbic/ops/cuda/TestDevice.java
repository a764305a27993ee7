package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.cuda.sim.CudaSimulator;
import java.nio.file.Path;

/** The CUDA device of tests: a simulated one, or with {@code -Dlimbic.require=cuda} the chip of this machine. */
public final class TestDevice {
    private static long abandonedBefore;

    private TestDevice() {}

    /** Skips the test with a reason if there is none. */
    public static void require() {
        if (!CudaSimulator.isChipRequired()) {
            CudaSimulator.install();
        }
    }

    /** Opens it; skips the test with a reason if there is none. */
    public static CudaDevice open(boolean graphs) {
        require();
        expectNoLeakFromHere();
        return new CudaDevice(new CudaSettings(0, Path.of("target/cuda-kernels"), graphs));
    }

    /** Forgets what earlier tests have left behind on purpose. */
    public static void expectNoLeakFromHere() {
        if (CudaSimulator.available()) {
            abandonedBefore = CudaSimulator.abandoned();
        }
    }

    /** After the device was closed: nothing that a test did not look at went wrong, and all is given back. */
    public static void assertClean() {
        if (CudaSimulator.available()) {
            assertThat(CudaSimulator.takeFault()).as("faults").isEmpty();
            // Destroying a context takes all of it along, so this is what tells that something was left.
            assertThat(CudaSimulator.abandoned()).as("left behind").isEqualTo(abandonedBefore);
            assertThat(CudaSimulator.liveAllocations()).as("allocations").isZero();
            assertThat(CudaSimulator.liveObjects()).as("objects of the driver").isZero();
        }
    }

    /** The header that kernels get from {@link KernelNumbers}. */
    public static String launchHeader() {
        return KernelNumbers.header();
    }
}
