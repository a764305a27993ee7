package dev.limbic.ops.cuda;

import dev.limbic.ops.DeviceException;
import dev.limbic.ops.DeviceException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;

/** NVRTC: CUDA C to machine code for one chip. Several threads may compile at once. */
final class KernelCompiler {
    private final String version;
    private final boolean machineCode;
    private final String[] options;

    /**
     * For a chip of this compute capability, as two digits.
     *
     * @throws DeviceException that says what is missing
     */
    KernelCompiler(int chip) {
        CudaLibraries.requireCompiler(chip);
        int[] major = new int[1];
        int[] minor = new int[1];
        Check.nvrtc(JNvrtc.nvrtcVersion(major, minor), "nvrtcVersion");
        version = major[0] + "." + minor[0];
        int[] count = new int[1];
        Check.nvrtc(JNvrtc.nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
        int[] known = new int[count[0]];
        Check.nvrtc(JNvrtc.nvrtcGetSupportedArchs(known), "nvrtcGetSupportedArchs");
        machineCode = Arrays.stream(known).anyMatch(arch -> arch == chip);
        // A chip newer than the compiler gets code for the newest one it knows, which the driver translates.
        int target = machineCode
                ? chip
                : Arrays.stream(known).filter(arch -> arch < chip).max().orElse(0);
        if (target == 0) {
            throw new DeviceException(
                    Kind.MISSING, "NVRTC " + version + " does not compile for compute capability " + chip);
        }
        options = options((machineCode ? "sm_" : "compute_") + target).split(" ", -1);
    }

    /** What machine code for a chip is compiled with. */
    static String options(int chip) {
        return options("sm_" + chip);
    }

    private static String options(String architecture) {
        return "--gpu-architecture=" + architecture + " --std=c++17 --fmad=true";
    }

    /** Whether it knows the chip; if not, it makes PTX. */
    boolean makesMachineCode() {
        return machineCode;
    }

    /** Everything beside the source that the result depends on. */
    String key() {
        return "nvrtc " + version + " " + String.join(" ", options);
    }

    /** Machine code, or PTX when the chip is newer than the compiler. */
    byte[] compile(KernelSource source) {
        nvrtcProgram program = new nvrtcProgram();
        Check.nvrtc(
                JNvrtc.nvrtcCreateProgram(
                        program,
                        source.text(),
                        source.name() + ".cu",
                        source.headers().size(),
                        source.headers().toArray(String[]::new),
                        source.headerNames().toArray(String[]::new)),
                "nvrtcCreateProgram of " + source.name());
        try {
            int status = JNvrtc.nvrtcCompileProgram(program, options.length, options);
            if (status != 0) {
                throw new DeviceException(
                        Kind.REFUSED,
                        "NVRTC could not compile " + source.name() + ".cu: " + JNvrtc.nvrtcGetErrorString(status) + "\n"
                                + log(program));
            }
            return machineCode ? cubin(program) : ptx(program);
        } finally {
            JNvrtc.nvrtcDestroyProgram(program);
        }
    }

    @Override
    public String toString() {
        return "NVRTC " + version;
    }

    private static String log(nvrtcProgram program) {
        String[] log = new String[1];
        JNvrtc.nvrtcGetProgramLog(program, log);
        List<String> lines = new ArrayList<>();
        if (log[0] != null) {
            lines.addAll(log[0].lines().limit(40).toList());
        }
        return String.join("\n", lines);
    }

    private static byte[] cubin(nvrtcProgram program) {
        long[] size = new long[1];
        Check.nvrtc(JNvrtc.nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
        byte[] code = new byte[Math.toIntExact(size[0])];
        Check.nvrtc(JNvrtc.nvrtcGetCUBIN(program, code), "nvrtcGetCUBIN");
        return code;
    }

    private static byte[] ptx(nvrtcProgram program) {
        String[] text = new String[1];
        Check.nvrtc(JNvrtc.nvrtcGetPTX(program, text), "nvrtcGetPTX");
        return (text[0] + "\0").getBytes(StandardCharsets.US_ASCII);
    }
}
