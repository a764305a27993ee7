package dev.limbic.bench;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.limbic.ops.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;

/**
 * The yardstick: one oneDNN matmul without bias or activation, weights in the layout oneDNN likes best, shared out over
 * OpenMP threads by oneDNN itself. Nothing of Limbic's engine is in it. For int8, u8 · s8 → f32.
 */
final class BareMatmul {
    /** Memory at a given address. */
    private static final class At extends Pointer {
        At(long target) {
            address = target;
        }
    }

    private final dnnl_stream stream = new dnnl_stream();
    private final dnnl_primitive primitive = new dnnl_primitive();
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(3);
    private final double operations;

    BareMatmul(int rows, int in, int out, Precision precision, Arena arena) {
        operations = 2.0 * rows * in * out;
        dnnl_engine engine = new dnnl_engine();
        check(dnnl_engine_create(engine, dnnl_cpu, 0));
        check(dnnl_stream_create(stream, engine, dnnl_stream_default_flags));
        boolean int8 = precision == Precision.INT8;
        int real = precision == Precision.BF16 ? dnnl_bf16 : dnnl_f32;
        dnnl_memory_desc x = desc(int8 ? dnnl_u8 : real, dnnl_ab, rows, in);
        dnnl_memory_desc w = desc(int8 ? dnnl_s8 : real, dnnl_format_tag_any, in, out);
        dnnl_memory_desc y = desc(real, dnnl_ab, rows, out);
        dnnl_primitive_desc d = new dnnl_primitive_desc();
        check(dnnl_matmul_primitive_desc_create(d, engine, x, w, null, y, null));
        check(dnnl_primitive_create(primitive, d));
        dnnl_memory_desc layout = dnnl_primitive_desc_query_md(d, dnnl_query_weights_md, 0);
        bind(engine, 0, DNNL_ARG_SRC, x, arena);
        bind(engine, 1, DNNL_ARG_WEIGHTS, layout, arena);
        bind(engine, 2, DNNL_ARG_DST, y, arena);
    }

    private static dnnl_memory_desc desc(int type, int tag, int rows, int columns) {
        dnnl_memory_desc d = new dnnl_memory_desc();
        check(dnnl_memory_desc_create_with_tag(d, 2, new long[] {rows, columns}, type, tag));
        return d;
    }

    private void bind(dnnl_engine engine, int index, int argument, dnnl_memory_desc desc, Arena arena) {
        // Zeros: dense hardware takes the same time for any finite numbers.
        MemorySegment data = arena.allocate(dnnl_memory_desc_get_size(desc) + 4096, 64);
        dnnl_memory memory = new dnnl_memory();
        check(dnnl_memory_create(memory, desc, engine, new At(data.address())));
        arguments.getPointer(index).arg(argument).memory(memory);
    }

    /** Floating point (or integer) operations of one run: 2·M·K·N. */
    double operations() {
        return operations;
    }

    void run() {
        check(dnnl_primitive_execute(primitive, stream, 3, arguments));
        check(dnnl_stream_wait(stream));
    }

    private static void check(int status) {
        if (status != dnnl_success) {
            throw new IllegalStateException("oneDNN answered status " + status);
        }
    }

    /** Gives the calling thread an OpenMP team of its own; Limbic's engine runs oneDNN with one thread per worker. */
    static void useOpenMpThreads(int threads) {
        try {
            String library = Files.readAllLines(Path.of("/proc/self/maps")).stream()
                    .filter(line -> line.contains("libgomp"))
                    .map(line -> line.substring(line.indexOf('/')))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("the OpenMP runtime is not loaded"));
            MemorySegment symbol = SymbolLookup.libraryLookup(library, Arena.global())
                    .find("omp_set_num_threads")
                    .orElseThrow();
            Linker.nativeLinker()
                    .downcallHandle(symbol, FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
                    .invokeExact(threads);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
