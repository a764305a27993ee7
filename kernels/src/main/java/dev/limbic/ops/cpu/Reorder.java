package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;

/** Copies tensors from one layout and type to another, as weights need it once. */
final class Reorder {
    private Reorder() {}

    static void run(dnnl_memory_desc from, long source, dnnl_memory_desc to, long target) {
        OneDnn oneDnn = OneDnn.instance();
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        dnnl_primitive primitive = new dnnl_primitive();
        dnnl_memory a = new dnnl_memory();
        dnnl_memory b = new dnnl_memory();
        dnnl_stream stream = new dnnl_stream();
        OneDnn.check(
                dnnl_reorder_primitive_desc_create(desc, from, oneDnn.engine(), to, oneDnn.engine(), null),
                "dnnl_reorder_primitive_desc_create");
        OneDnn.check(dnnl_primitive_create(primitive, desc), "dnnl_primitive_create");
        OneDnn.check(
                dnnl_memory_create(a, from, oneDnn.engine(), new OneDnn.Address().to(source)), "dnnl_memory_create");
        OneDnn.check(dnnl_memory_create(b, to, oneDnn.engine(), new OneDnn.Address().to(target)), "dnnl_memory_create");
        OneDnn.check(dnnl_stream_create(stream, oneDnn.engine(), dnnl_stream_default_flags), "dnnl_stream_create");
        try (dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(2)) {
            arguments.getPointer(0).arg(DNNL_ARG_FROM).memory(a);
            arguments.getPointer(1).arg(DNNL_ARG_TO).memory(b);
            OneDnn.check(dnnl_primitive_execute(primitive, stream, 2, arguments), "dnnl_primitive_execute (reorder)");
            OneDnn.check(dnnl_stream_wait(stream), "dnnl_stream_wait");
        }
        dnnl_stream_destroy(stream);
        dnnl_memory_destroy(a);
        dnnl_memory_destroy(b);
        dnnl_primitive_destroy(primitive);
        dnnl_primitive_desc_destroy(desc);
    }
}
