package dev.limbic.bench;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;

/**
 * The yardstick of convolutions: one of oneDNN's without bias, activation or residual, pictures and weights in the layout
 * that oneDNN likes best, shared out over OpenMP threads by oneDNN itself. Nothing of Limbic's engine is in it.
 */
final class BareConv {
    /** Memory at a given address. */
    private static final class At extends Pointer {
        At(long target) {
            address = target;
        }
    }

    private final dnnl_stream stream = new dnnl_stream();
    private final dnnl_primitive primitive = new dnnl_primitive();
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(3);

    BareConv(VisionNet.Layer layer, int pictures, boolean bf16, Arena arena) {
        dnnl_engine engine = new dnnl_engine();
        check(dnnl_engine_create(engine, dnnl_cpu, 0));
        check(dnnl_stream_create(stream, engine, dnnl_stream_default_flags));
        int type = bf16 ? dnnl_bf16 : dnnl_f32;
        int groups = layer.groups();
        dnnl_memory_desc x = any(type, pictures, layer.in(), layer.size(), layer.size());
        dnnl_memory_desc y = any(type, pictures, layer.out(), layer.result(), layer.result());
        dnnl_memory_desc w = groups == 1
                ? any(type, layer.out(), layer.in(), layer.kernel(), layer.kernel())
                : any(type, groups, layer.out() / groups, layer.in() / groups, layer.kernel(), layer.kernel());
        long before = layer.padding();
        long behind = (layer.result() - 1L) * layer.stride() + layer.kernel() - layer.size() - before;
        dnnl_primitive_desc d = new dnnl_primitive_desc();
        check(dnnl_convolution_forward_primitive_desc_create(
                d,
                engine,
                dnnl_forward_inference,
                dnnl_convolution_direct,
                x,
                w,
                null,
                y,
                new long[] {layer.stride(), layer.stride()},
                new long[] {0, 0},
                new long[] {before, before},
                new long[] {behind, behind},
                null));
        check(dnnl_primitive_create(primitive, d));
        bind(engine, 0, DNNL_ARG_SRC, dnnl_primitive_desc_query_md(d, dnnl_query_src_md, 0), arena);
        bind(engine, 1, DNNL_ARG_WEIGHTS, dnnl_primitive_desc_query_md(d, dnnl_query_weights_md, 0), arena);
        bind(engine, 2, DNNL_ARG_DST, dnnl_primitive_desc_query_md(d, dnnl_query_dst_md, 0), arena);
    }

    private static dnnl_memory_desc any(int type, long... dims) {
        dnnl_memory_desc d = new dnnl_memory_desc();
        check(dnnl_memory_desc_create_with_tag(d, dims.length, dims, type, dnnl_format_tag_any));
        return d;
    }

    private void bind(dnnl_engine engine, int index, int argument, dnnl_memory_desc desc, Arena arena) {
        // Zeros: dense hardware takes the same time for any finite numbers.
        MemorySegment data = arena.allocate(dnnl_memory_desc_get_size(desc) + 4096, 64);
        dnnl_memory memory = new dnnl_memory();
        check(dnnl_memory_create(memory, desc, engine, new At(data.address())));
        arguments.getPointer(index).arg(argument).memory(memory);
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
}
