package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_a;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;

import dev.limbic.ops.Activation;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * An activation as oneDNN computes it behind its own products, to the last bit, for products that were computed
 * elsewhere. Belongs to one thread.
 */
final class EltwisePlan implements AutoCloseable {
    /** Elements of one call; more are taken in pieces. */
    static final int ELEMENTS = 256;

    private final dnnl_stream stream = new dnnl_stream();
    private final dnnl_primitive primitive = new dnnl_primitive();
    private final dnnl_memory memory = new dnnl_memory();
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(2);
    private final OneDnn.Address address = new OneDnn.Address();

    EltwisePlan(Activation activation) {
        dnnl_engine engine = OneDnn.instance().engine();
        OneDnn.check(dnnl_stream_create(stream, engine, dnnl_stream_default_flags), "dnnl_stream_create");
        dnnl_memory_desc y = new dnnl_memory_desc();
        OneDnn.check(
                dnnl_memory_desc_create_with_tag(y, 1, new long[] {ELEMENTS}, dnnl_f32, dnnl_a),
                "dnnl_memory_desc_create_with_tag");
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                dnnl_eltwise_forward_primitive_desc_create(
                        desc,
                        engine,
                        dnnl_forward_inference,
                        MatmulPlan.algorithm(activation),
                        y,
                        y,
                        MatmulPlan.alpha(activation),
                        0,
                        null),
                "dnnl_eltwise_forward_primitive_desc_create " + activation);
        OneDnn.check(dnnl_primitive_create(primitive, desc), "dnnl_primitive_create");
        dnnl_primitive_desc_destroy(desc);
        OneDnn.check(dnnl_memory_create(memory, y, engine, address.to(0)), "dnnl_memory_create");
        dnnl_memory_desc_destroy(y);
        arguments.getPointer(0).arg(DNNL_ARG_SRC).memory(memory);
        arguments.getPointer(1).arg(DNNL_ARG_DST).memory(memory);
    }

    /**
     * y ← activation(y).
     *
     * @param y f32 [n]
     * @param n a multiple of {@link #ELEMENTS}
     */
    void execute(long y, int n) {
        for (int i = 0; i < n; i += ELEMENTS) {
            OneDnn.check(
                    dnnl_memory_set_data_handle(memory, address.to(y + (long) i * Float.BYTES)),
                    "dnnl_memory_set_data_handle");
            OneDnn.check(dnnl_primitive_execute(primitive, stream, 2, arguments), "dnnl_primitive_execute (eltwise)");
        }
    }

    @Override
    public void close() {
        dnnl_memory_destroy(memory);
        dnnl_primitive_destroy(primitive);
        dnnl_stream_destroy(stream);
        arguments.deallocate();
    }
}
