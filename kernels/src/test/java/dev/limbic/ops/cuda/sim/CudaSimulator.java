package dev.limbic.ops.cuda.sim;

import dev.limbic.testing.Requirement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Stand-ins for the CUDA libraries that run kernels on the processor. Once they are loaded, JCuda's own natives find them
 * by name, so that the device code of the product runs as it is shipped. What comes of it are right answers and reports of
 * faults, never figures of speed.
 *
 * <p>A process has either the simulator or real CUDA libraries: call {@link #install} before the first class of JCuda.
 */
public final class CudaSimulator {
    private static final List<String> LIBRARIES =
            List.of("libcuda.so.1", "libnvrtc.so.12", "libcublas.so.12", "libcudnn.so.9");
    private static final List<String> FOLDERS =
            List.of("target/cuda-sim", "kernels/target/cuda-sim", "../kernels/target/cuda-sim");

    private static @Nullable Path loadedFrom;
    private static final @Nullable String ABSENCE = load();

    private CudaSimulator() {}

    /**
     * Loads the simulator, or skips the calling test with a reason. With {@code -Dlimbic.require=cuda-sim} (a list with
     * commas) the test fails instead.
     */
    public static void install() {
        String reason = ABSENCE;
        if (reason != null) {
            Requirement.isAbsent("cuda-sim", reason);
        }
    }

    /** Whether the tests shall run on the chip of this machine ({@code -Dlimbic.require=cuda}), not on the simulator. */
    public static boolean isChipRequired() {
        return Requirement.isRequired("cuda");
    }

    /** Whether it is loaded. */
    public static boolean available() {
        return ABSENCE == null;
    }

    /** Where its libraries lie. */
    public static Path folder() {
        return Objects.requireNonNull(loadedFrom);
    }

    private static @Nullable String load() {
        String reason = tryLoad();
        if (reason != null) {
            System.out.println("cuda-sim: skipped, " + reason);
        }
        return reason;
    }

    private static @Nullable String tryLoad() {
        if (isChipRequired()) {
            return "the chip of this machine is required";
        }
        String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!system.equals("Linux amd64")) {
            return "JCuda has natives for Linux on x86-64 only, this is " + system;
        }
        String chosen = System.getProperty("limbic.cudaSim");
        List<String> folders = chosen == null ? FOLDERS : List.of(chosen);
        for (String folder : folders) {
            Path path = Path.of(folder).toAbsolutePath().normalize();
            Path absent = path.resolve("absent");
            if (Files.exists(absent)) {
                return read(absent);
            }
            if (LIBRARIES.stream().allMatch(library -> Files.exists(path.resolve(library)))) {
                LIBRARIES.forEach(library -> System.load(path.resolve(library).toString()));
                loadedFrom = path;
                return null;
            }
        }
        return "it is not built (Maven does that before the tests of kernels)";
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What went wrong first since the last call: operation, kernel, block, thread, address; empty when nothing did. */
    public static String takeFault() {
        try {
            MemorySegment text = (MemorySegment) Calls.TAKE_FAULT.invokeExact();
            return text.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Lets the next launch fail with this {@code CUresult} when it runs, as a broken chip would. */
    public static void injectFault(int status) {
        try {
            Calls.INJECT_FAULT.invokeExact(status);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The device's memory from now on; 0 for what it has by itself. What is allocated stays. */
    public static void limitMemory(long bytes) {
        try {
            Calls.LIMIT_MEMORY.invokeExact(bytes);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** What the device passes for from now on, as two digits: 75 is compute capability 7.5; 0 for what it is. */
    public static void setChip(int capability) {
        try {
            Calls.SET_CHIP.invokeExact(capability);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Device and pinned allocations that are alive. */
    public static long liveAllocations() {
        return count(Calls.LIVE_ALLOCATIONS);
    }

    /** Contexts, streams, events, modules and graphs that are alive. */
    public static long liveObjects() {
        return count(Calls.LIVE_OBJECTS);
    }

    /** Allocations and objects that were alive when a healthy context was destroyed, since the process began: leaks. */
    public static long abandoned() {
        return count(Calls.ABANDONED);
    }

    private static long count(MethodHandle handle) {
        try {
            return (long) handle.invokeExact();
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The simulator's own functions; looked up when first used, which is after loading. */
    private static final class Calls {
        private static final SymbolLookup LIBRARY = SymbolLookup.loaderLookup();
        static final MethodHandle TAKE_FAULT = handle("limbicSimTakeFault", FunctionDescriptor.of(ValueLayout.ADDRESS));
        static final MethodHandle INJECT_FAULT =
                handle("limbicSimInjectFault", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        static final MethodHandle LIMIT_MEMORY =
                handle("limbicSimLimitMemory", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));
        static final MethodHandle SET_CHIP =
                handle("limbicSimSetChip", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        static final MethodHandle LIVE_ALLOCATIONS =
                handle("limbicSimLiveAllocations", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        static final MethodHandle LIVE_OBJECTS =
                handle("limbicSimLiveObjects", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        static final MethodHandle ABANDONED =
                handle("limbicSimAbandoned", FunctionDescriptor.of(ValueLayout.JAVA_LONG));

        private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
            return Linker.nativeLinker().downcallHandle(LIBRARY.find(name).orElseThrow(), descriptor);
        }
    }
}
