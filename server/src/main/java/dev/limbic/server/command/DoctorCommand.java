package dev.limbic.server.command;

import dev.limbic.ops.Device;
import dev.limbic.ops.DeviceException;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cuda.CudaReport;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.runtime.Engine;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code limbic doctor}: what this machine has to compute with, what is missing, and whether it computes rightly. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = {
            "Says what this machine has to compute with, what is missing and how to get it, and compares",
            "each operation of the CUDA device with the CPU. Exits with 1 if something that is there does not work."
        })
public final class DoctorCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Override
    public Integer call() throws ConfigException {
        ServerConfig config = options.load();
        try (Device cpu = Engine.cpu()) {
            System.out.println("CPU");
            System.out.println("  " + cpu.description());
            System.out.println("CUDA");
            boolean complete = true;
            for (CudaReport.Line line : CudaReport.of(config.cuda().ordinal())) {
                complete &= line.found();
                System.out.printf("  %-8s %-14s %s%n", line.found() ? "found" : "missing", line.name(), line.text());
            }
            if (!complete) {
                System.out.println("  Models with device auto run on the CPU until all of this is found.");
                return 0;
            }
            return selfTest(config, cpu) ? 0 : 1;
        }
    }

    private static boolean selfTest(ServerConfig config, Device cpu) {
        System.out.println("Self-test: each operation beside the CPU in f32");
        boolean passed = true;
        try (Device cuda = Engine.cuda(config.cuda())) {
            List<Precision> precisions =
                    Arrays.stream(Precision.values()).filter(cuda::supports).toList();
            for (SelfTest.Result result : SelfTest.run(cuda, cpu, precisions)) {
                passed &= result.passed();
                System.out.printf(
                        Locale.ROOT,
                        "  %-8s %-22s %-5s largest difference %.1e, allowed %.1e%n",
                        result.passed() ? "passed" : "FAILED",
                        result.operation(),
                        result.precision().name().toLowerCase(Locale.ROOT),
                        result.difference(),
                        result.allowed());
            }
        } catch (DeviceException e) {
            System.out.println("  FAILED   " + e.getMessage());
            return false;
        }
        return passed;
    }
}
