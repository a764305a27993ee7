package dev.limbic.ops.cuda;

import dev.limbic.ops.DeviceException;
import dev.limbic.ops.DeviceException.Kind;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;
import jcuda.nvrtc.JNvrtc;
import org.jspecify.annotations.Nullable;

/** The four libraries that the provider needs from the system, looked for one by one so that each absence is named. */
final class CudaLibraries {
    /**
     * A library.
     *
     * @param file as the loader searches it
     * @param source how to get it
     * @param load makes JCuda load it
     */
    private record Library(String name, String file, String source, Runnable load) {}

    private static final String TOOLKIT = "it comes with the CUDA 12 toolkit; its folder must be on LD_LIBRARY_PATH";

    private static final List<Library> NEEDED = List.of(
            new Library(
                    "NVIDIA driver",
                    "libcuda.so.1",
                    "install the driver of your distribution or from nvidia.com/drivers",
                    () -> JCudaDriver.setExceptionsEnabled(false)),
            new Library("NVRTC", "libnvrtc.so.12", TOOLKIT, () -> JNvrtc.setExceptionsEnabled(false)),
            new Library("cuBLAS", "libcublas.so.12", TOOLKIT, JCublas2::initialize),
            new Library(
                    "cuDNN",
                    "libcudnn.so.9",
                    "it is a download of its own, developer.nvidia.com/cudnn; its folder must be on LD_LIBRARY_PATH",
                    JCudnn::initialize));

    private CudaLibraries() {}

    /**
     * Loads all of them.
     *
     * @throws DeviceException that names each one that is missing and where to get it
     */
    static void require() {
        List<String> missing = missing();
        if (!missing.isEmpty()) {
            throw new DeviceException(Kind.MISSING, String.join("; ", missing));
        }
    }

    /** One line per library that cannot be loaded. */
    static List<String> missing() {
        List<String> lines = new ArrayList<>();
        for (Library library : NEEDED) {
            Throwable why = failure(library.load);
            if (why != null) {
                lines.add(library.name + " (" + library.file + ") cannot be loaded: " + library.source);
            }
        }
        return lines;
    }

    private static @Nullable Throwable failure(Runnable load) {
        try {
            load.run();
            return null;
        } catch (UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError e) {
            return e;
        }
    }
}
