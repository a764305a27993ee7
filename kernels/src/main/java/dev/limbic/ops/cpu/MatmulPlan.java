package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.DType;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.jspecify.annotations.Nullable;

/**
 * A compiled oneDNN matmul of fixed shape, y[M, N] = f(x[M, K]·W[K, N] + b), used by one thread. A call binds its
 * addresses and executes; it allocates nothing.
 *
 * <p>For int8, x is u8, W is s8 with a scale per output channel applied by oneDNN, y is f32 without bias or
 * activation: {@link Quantise#epilogue} adds what depends on the row.
 */
final class MatmulPlan implements AutoCloseable {
    /**
     * What makes two plans the same.
     *
     * @param products how many of them, one behind the other, each with weights of its own; several have no bias and are not of int8
     * @param rows M
     * @param in K
     * @param out N
     * @param outStride distance between two rows of y, in elements
     * @param result type of y, F32 or BF16
     * @param sum whether y is added to what is there already, before the activation
     */
    record Key(
            int products,
            int rows,
            int in,
            int out,
            int outStride,
            Precision precision,
            DType result,
            Activation activation,
            boolean sum,
            boolean bias,
            Order order) {
        /** Of a product alone, in f32. */
        static Key product(int rows, int in, int out, int outStride, Precision precision, Order order) {
            return new Key(1, rows, in, out, outStride, precision, DType.F32, Activation.NONE, false, false, order);
        }
    }

    /** How weights lie. */
    enum Order {
        /** As oneDNN likes it best. */
        BLOCKS(dnnl_format_tag_any),

        /** [in, out]. */
        ROWS(dnnl_ab),

        /** [out, in]. */
        COLUMNS(dnnl_ba);

        private final int tag;

        Order(int tag) {
            this.tag = tag;
        }
    }

    private final dnnl_stream stream = new dnnl_stream();
    private final dnnl_primitive primitive = new dnnl_primitive();
    private final dnnl_memory_desc weightLayout = new dnnl_memory_desc();
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(6);
    private final OneDnn.Address address = new OneDnn.Address();
    private final dnnl_memory source;
    private final dnnl_memory weights;
    private final dnnl_memory result;
    private final @Nullable dnnl_memory bias;
    private final @Nullable dnnl_memory scales;
    private final @Nullable dnnl_memory scratchpad;
    private final long scratchpadBytes;
    private final String implementation;
    private int argumentCount;

    /**
     * Compiles the product.
     *
     * @param layout the layout the weights are in, or null for what the key says
     */
    MatmulPlan(Key key, @Nullable dnnl_memory_desc layout) {
        OneDnn oneDnn = OneDnn.instance();
        boolean int8 = key.precision == Precision.INT8;
        OneDnn.check(dnnl_stream_create(stream, oneDnn.engine(), dnnl_stream_default_flags), "dnnl_stream_create");

        dnnl_memory_desc x = rows(key, int8 ? dnnl_u8 : type(key.precision), key.in, key.in);
        dnnl_memory_desc y = rows(key, key.result == DType.BF16 ? dnnl_bf16 : dnnl_f32, key.out, key.outStride);
        dnnl_memory_desc w = layout != null ? layout : weightDesc(key, key.order.tag);
        dnnl_memory_desc b = key.bias && !int8 ? OneDnn.dense(dnnl_f32, dnnl_ab, 1, key.out) : null;
        dnnl_memory_desc s = int8 ? OneDnn.dense(dnnl_f32, dnnl_a, key.out) : null;

        dnnl_primitive_desc desc = describe(oneDnn, key, x, w, b, y);
        OneDnn.check(
                dnnl_memory_desc_clone(weightLayout, dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0)),
                "dnnl_memory_desc_clone");
        dnnl_memory_desc pad = new dnnl_memory_desc();
        OneDnn.check(
                dnnl_memory_desc_clone(pad, dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0)),
                "dnnl_memory_desc_clone");
        OneDnn.check(dnnl_primitive_create(primitive, desc), "dnnl_primitive_create");
        implementation = OneDnn.implementation(desc);
        dnnl_primitive_desc_destroy(desc);

        source = bind(DNNL_ARG_SRC, x);
        weights = bind(DNNL_ARG_WEIGHTS, weightLayout);
        result = bind(DNNL_ARG_DST, y);
        bias = b == null ? null : bind(DNNL_ARG_BIAS, b);
        scales = s == null ? null : bind(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, s);
        scratchpadBytes = dnnl_memory_desc_get_size(pad);
        scratchpad = scratchpadBytes == 0 ? null : bind(DNNL_ARG_SCRATCHPAD, pad);
        for (dnnl_memory_desc d : new dnnl_memory_desc[] {x, y, b, s, pad}) {
            if (d != null) {
                dnnl_memory_desc_destroy(d);
            }
        }
        if (layout == null) {
            dnnl_memory_desc_destroy(w);
        }
    }

    private static dnnl_primitive_desc describe(
            OneDnn oneDnn,
            Key key,
            dnnl_memory_desc x,
            dnnl_memory_desc w,
            @Nullable dnnl_memory_desc b,
            dnnl_memory_desc y) {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        dnnl_post_ops postOps = new dnnl_post_ops();
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(dnnl_primitive_attr_create(attributes), "dnnl_primitive_attr_create");
        OneDnn.check(dnnl_post_ops_create(postOps), "dnnl_post_ops_create");
        try {
            OneDnn.check(
                    dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
                    "dnnl_primitive_attr_set_scratchpad_mode");
            if (key.precision == Precision.INT8) {
                OneDnn.check(
                        dnnl_primitive_attr_set_scales_mask(attributes, DNNL_ARG_WEIGHTS, 1 << 1),
                        "dnnl_primitive_attr_set_scales_mask");
            } else if (key.sum || key.activation != Activation.NONE) {
                if (key.sum) {
                    OneDnn.check(
                            dnnl_post_ops_append_sum(postOps, 1, 0, dnnl_data_type_undef), "dnnl_post_ops_append_sum");
                }
                if (key.activation != Activation.NONE) {
                    OneDnn.check(
                            dnnl_post_ops_append_eltwise(postOps, algorithm(key.activation), alpha(key.activation), 0),
                            "dnnl_post_ops_append_eltwise");
                }
                OneDnn.check(dnnl_primitive_attr_set_post_ops(attributes, postOps), "dnnl_primitive_attr_set_post_ops");
            }
            OneDnn.check(
                    dnnl_matmul_primitive_desc_create(desc, oneDnn.engine(), x, w, b, y, attributes),
                    "dnnl_matmul_primitive_desc_create",
                    key);
            return desc;
        } finally {
            dnnl_post_ops_destroy(postOps);
            dnnl_primitive_attr_destroy(attributes);
        }
    }

    /** The least of some rising row counts that has room for {@code rows}. */
    static int plannedRows(int rows, int[] counts) {
        for (int count : counts) {
            if (count >= rows) {
                return count;
            }
        }
        throw new IllegalArgumentException("more rows than any plan has: " + rows);
    }

    /** Rows of all products, {@code stride} elements apart. */
    private static dnnl_memory_desc rows(Key key, int type, int columns, int stride) {
        boolean one = key.products == 1;
        long[] dims = one ? new long[] {key.rows, columns} : new long[] {key.products, key.rows, columns};
        long[] strides = one ? new long[] {stride, 1} : new long[] {(long) key.rows * stride, stride, 1};
        dnnl_memory_desc desc = new dnnl_memory_desc();
        OneDnn.check(
                dnnl_memory_desc_create_with_strides(desc, dims.length, dims, type, strides),
                "dnnl_memory_desc_create_with_strides");
        return desc;
    }

    /** Weights [K, N], or [products, K, N], in the given oneDNN format. */
    static dnnl_memory_desc weightDesc(Key key, int format) {
        int type = key.precision == Precision.INT8 ? dnnl_s8 : type(key.precision);
        return key.products == 1
                ? OneDnn.dense(type, format, key.in, key.out)
                : OneDnn.dense(type, format, key.products, key.in, key.out);
    }

    private static int type(Precision precision) {
        return precision == Precision.BF16 ? dnnl_bf16 : dnnl_f32;
    }

    /** oneDNN's name of an activation. */
    static int algorithm(Activation activation) {
        return switch (activation) {
            // ReLU is Limbic's own pass, which keeps NaN; see CpuLinear.
            case NONE, RELU -> throw new IllegalArgumentException("not fused: " + activation);
            case LEAKY_RELU -> dnnl_eltwise_relu;
            case GELU -> dnnl_eltwise_gelu_erf;
            case GELU_TANH -> dnnl_eltwise_gelu_tanh;
            case SILU -> dnnl_eltwise_swish;
            case TANH -> dnnl_eltwise_tanh;
            case SIGMOID -> dnnl_eltwise_logistic;
        };
    }

    /** Swish is x·sigmoid(alpha·x), a rectifier's negative side alpha·x. */
    static float alpha(Activation activation) {
        return switch (activation) {
            case SILU -> 1;
            case LEAKY_RELU -> VectorMath.LEAK;
            case NONE, RELU, GELU, GELU_TANH, TANH, SIGMOID -> 0;
        };
    }

    private dnnl_memory bind(int argument, dnnl_memory_desc desc) {
        dnnl_memory memory = new dnnl_memory();
        OneDnn.check(dnnl_memory_create(memory, desc, OneDnn.instance().engine(), address.to(0)), "dnnl_memory_create");
        arguments.getPointer(argumentCount++).arg(argument).memory(memory);
        return memory;
    }

    private void point(dnnl_memory memory, long target) {
        OneDnn.check(dnnl_memory_set_data_handle(memory, address.to(target)), "dnnl_memory_set_data_handle");
    }

    /** The layout in which this plan wants its weights; valid while the plan is open. */
    dnnl_memory_desc weightLayout() {
        return weightLayout;
    }

    /** Name of oneDNN's chosen implementation, such as {@code brg_matmul:avx512_core}. */
    String implementation() {
        return implementation;
    }

    /** Scratch memory that {@link #execute} needs while it runs, in bytes. */
    long scratchpadBytes() {
        return scratchpadBytes;
    }

    /** Computes the product. Addresses of scales, bias and scratch memory are ignored where the plan needs none. */
    void execute(long x, long w, long y, long biasAddress, long scalesAddress, long scratchpadAddress) {
        point(source, x);
        point(weights, w);
        point(result, y);
        if (bias != null) {
            point(bias, biasAddress);
        }
        if (scales != null) {
            point(scales, scalesAddress);
        }
        if (scratchpad != null) {
            point(scratchpad, scratchpadAddress);
        }
        OneDnn.check(
                dnnl_primitive_execute(primitive, stream, argumentCount, arguments), "dnnl_primitive_execute (matmul)");
    }

    @Override
    public void close() {
        for (dnnl_memory m : new dnnl_memory[] {source, weights, result, bias, scales, scratchpad}) {
            if (m != null) {
                dnnl_memory_destroy(m);
            }
        }
        dnnl_memory_desc_destroy(weightLayout);
        dnnl_primitive_destroy(primitive);
        dnnl_stream_destroy(stream);
        arguments.deallocate();
    }
}
