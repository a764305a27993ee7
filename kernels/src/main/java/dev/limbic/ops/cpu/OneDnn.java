package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2_vnni;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_vnni;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_impl_info_str;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;
import static org.bytedeco.dnnl.global.dnnl.dnnl_version;

import dev.limbic.natives.NativeFolder;
import dev.limbic.ops.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** The oneDNN library, loaded once per process, and its one CPU engine. */
final class OneDnn {
    /** Thrown when a native call fails; the message names the call and its status. */
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Failure(String message) {
            super(message);
        }
    }

    /** A pointer whose target can be changed, so that passing an address allocates nothing. */
    static final class Address extends Pointer {
        Address to(long target) {
            address = target;
            return this;
        }
    }

    private static final String[] STATUS = {
        "success", "out of memory", "invalid arguments", "unimplemented", "last implementation reached",
        "runtime error", "not required", "invalid graph", "invalid graph operation", "invalid shape",
        "invalid data type"
    };

    private final dnnl_engine engine;
    private final int isa = dnnl_get_effective_cpu_isa();

    private OneDnn(dnnl_engine engine) {
        this.engine = engine;
    }

    /** Run by who first asks; what goes wrong is told to all. */
    private static final FutureTask<OneDnn> LOADING = new FutureTask<>(OneDnn::load);

    /** Begins to load the library on a thread of its own. */
    static void loadAhead() {
        Thread.ofPlatform().daemon().name("limbic-cpu-load").start(LOADING);
    }

    /**
     * The library.
     *
     * @throws UnsatisfiedLinkError if there are no natives for this system
     * @throws dev.limbic.natives.NativeFolderException if there is no folder to unpack them into
     */
    static OneDnn instance() {
        LOADING.run();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return LOADING.get();
                } catch (InterruptedException e) {
                    interrupted = true; // it will not take long
                }
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new IllegalStateException(e);
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static OneDnn load() {
        NativeFolder.announce("org.bytedeco.javacpp.cachedir");
        useOneOpenMpThread();
        Loader.load(dnnl.class);
        dnnl_engine engine = new dnnl_engine();
        check(dnnl_engine_create(engine, dnnl_cpu, 0), "dnnl_engine_create");
        return new OneDnn(engine);
    }

    /** The OpenMP runtime reads its environment when it is loaded; the team's threads are the parallelism. */
    private static void useOneOpenMpThread() {
        Linker linker = Linker.nativeLinker();
        linker.defaultLookup().find("setenv").ifPresent(symbol -> {
            try (Arena arena = Arena.ofConfined()) {
                int status = (int) linker.downcallHandle(
                                symbol,
                                FunctionDescriptor.of(
                                        ValueLayout.JAVA_INT,
                                        ValueLayout.ADDRESS,
                                        ValueLayout.ADDRESS,
                                        ValueLayout.JAVA_INT))
                        .invokeExact(arena.allocateFrom("OMP_NUM_THREADS"), arena.allocateFrom("1"), 1);
                if (status != 0) {
                    throw new Failure("setenv OMP_NUM_THREADS failed");
                }
            } catch (Failure failure) {
                throw failure;
            } catch (Throwable impossible) {
                throw new AssertionError(impossible);
            }
        });
    }

    /** Whether the processor has instructions for products of this precision. */
    boolean multiplies(Precision precision) {
        return switch (precision) {
            case F32 -> true;
            case BF16 -> has(dnnl_cpu_isa_avx512_core_bf16);
            case F16 -> false;
            case INT8 -> has(dnnl_cpu_isa_avx512_core_vnni) || has(dnnl_cpu_isa_avx2_vnni);
        };
    }

    /** oneDNN's instruction sets are bit masks in which a newer set contains the older ones. */
    private boolean has(int wanted) {
        return (isa & wanted) == wanted;
    }

    dnnl_engine engine() {
        return engine;
    }

    /** Such as {@code oneDNN 3.11.0}. */
    String version() {
        var version = dnnl_version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch();
    }

    /** The descriptor of a tensor in a format that oneDNN has a name for; its owner destroys it. */
    static dnnl_memory_desc dense(int type, int tag, long... dims) {
        dnnl_memory_desc desc = new dnnl_memory_desc();
        check(dnnl_memory_desc_create_with_tag(desc, dims.length, dims, type, tag), "dnnl_memory_desc_create_with_tag");
        return desc;
    }

    /** Name of the implementation that oneDNN chose, such as {@code brg_matmul:avx512_core}. */
    static String implementation(dnnl_primitive_desc desc) {
        try (PointerPointer<Pointer> name = new PointerPointer<>(1)) {
            check(dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, name), "dnnl_primitive_desc_query");
            return new BytePointer(name.get(0)).getString();
        }
    }

    /** {@link #check(int, String)} of a call with what it was asked for, which is put into words only if it fails. */
    static void check(int status, String call, Record asked) {
        if (status != dnnl_success) {
            check(status, call + " " + asked);
        }
    }

    /** Throws unless {@code status} is success. */
    static void check(int status, String call) {
        if (status != dnnl_success) {
            String name = status > 0 && status < STATUS.length ? STATUS[status] : "unknown";
            throw new Failure(call + " failed: " + name + " (" + status + ")");
        }
    }
}
