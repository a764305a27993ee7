package dev.limbic.ops.cuda;

import dev.limbic.natives.NativeFolderException;
import dev.limbic.ops.DeviceException;
import dev.limbic.ops.DeviceException.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;
import jcuda.nvrtc.JNvrtc;

/** The libraries that the provider needs from the system, looked for one by one so that each absence is named. */
final class CudaLibraries {
    /**
     * A library.
     *
     * @param file as the system's loader searches it
     * @param source how to get it
     */
    record Library(String name, String file, String source) {
        /** Whether the system's loader finds it; it stays loaded. */
        boolean isFound() {
            try {
                var _ = SymbolLookup.libraryLookup(file, Arena.global());
                return true;
            } catch (IllegalArgumentException absent) {
                return false;
            }
        }

        /** What is missing and how to get it. */
        String absence() {
            return name + " (" + file + ") was not found: " + source;
        }
    }

    private static final String TOOLKIT = "it comes with the CUDA 12 toolkit; its folder must be on LD_LIBRARY_PATH";

    /** Needed where kernels must be compiled. */
    static final Library COMPILER = new Library("NVRTC", "libnvrtc.so.12", TOOLKIT);

    static final List<Library> NEEDED = List.of(
            new Library(
                    "NVIDIA driver",
                    "libcuda.so.1",
                    "install the driver of your distribution or from nvidia.com/drivers"),
            new Library("cuBLAS", "libcublas.so.12", TOOLKIT),
            new Library(
                    "cuDNN",
                    "libcudnn.so.9",
                    "it is a download of its own, developer.nvidia.com/cudnn; its folder must be on LD_LIBRARY_PATH"));

    private CudaLibraries() {}

    /**
     * Loads all of them and JCuda's natives.
     *
     * @param compiler whether it is sure that kernels must be compiled
     * @throws DeviceException that names each one that is missing and where to get it
     */
    static void require(boolean compiler) {
        List<String> missing = new ArrayList<>();
        if (compiler && !COMPILER.isFound()) {
            missing.add(COMPILER.absence());
        }
        for (Library library : NEEDED) {
            if (!library.isFound()) {
                missing.add(library.absence());
            }
        }
        if (!missing.isEmpty()) {
            throw new DeviceException(Kind.MISSING, String.join("; ", missing));
        }
        load("JCudaDriver", () -> JCudaDriver.setExceptionsEnabled(false));
        load("JCublas2", () -> JCublas2.setExceptionsEnabled(false));
        load("JCudnn", () -> JCudnn.setExceptionsEnabled(false));
    }

    /**
     * Loads NVRTC and JCuda's native for it.
     *
     * @param chip for which kernels are to be compiled
     * @throws DeviceException that says where to get it
     */
    static void requireCompiler(int chip) {
        if (!COMPILER.isFound()) {
            throw new DeviceException(
                    Kind.MISSING,
                    "no machine code for compute capability " + chip / 10 + "." + chip % 10
                            + " came along with this build, and to compile it " + COMPILER.absence());
        }
        load("JNvrtc", () -> JNvrtc.setExceptionsEnabled(false));
    }

    private static void load(String name, Runnable firstUse) {
        try {
            CudaNatives.load(name, firstUse);
        } catch (NativeFolderException e) {
            throw new DeviceException(Kind.MISSING, String.valueOf(e.getMessage()));
        } catch (UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError e) {
            throw new DeviceException(
                    Kind.MISSING,
                    "JCuda's natives cannot be loaded on " + System.getProperty("os.name") + " "
                            + System.getProperty("os.arch") + ": " + reason(e));
        }
    }

    /** JCuda puts the traces of all that it tried into the message; the last one that names a cause is that of its own file. */
    private static String reason(LinkageError e) {
        String message = String.valueOf(e.getMessage());
        String cause = UnsatisfiedLinkError.class.getName() + ": ";
        int last = message.lastIndexOf(cause);
        return message.substring(last < 0 ? 0 : last + cause.length())
                .lines()
                .findFirst()
                .orElse("");
    }
}
