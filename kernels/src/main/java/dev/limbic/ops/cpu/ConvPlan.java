package dev.limbic.ops.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.limbic.ops.Activation;
import dev.limbic.tensor.DType;
import java.util.ArrayList;
import java.util.List;
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
 * A compiled oneDNN convolution of fixed sizes, channels last, with bias, residual and activation fused; of 8-bit pictures
 * and weights with the scales of both. Compiled once; each worker has a {@link Binding} of its own, whose calls bind
 * addresses and allocate nothing.
 */
final class ConvPlan implements AutoCloseable {
    /**
     * What makes two plans the same.
     *
     * @param input type of the pictures and the weights: f32, bf16 or i8
     * @param type of the result: f32 or bf16
     * @param n pictures
     * @param h rows of the input
     * @param top padding, and so the others
     * @param dilation as Limbic counts: 1 for none
     * @param residual whether the result is added to what lies in its place
     */
    record Key(
            DType input,
            DType type,
            int n,
            int h,
            int w,
            int in,
            int outH,
            int outW,
            int out,
            int kernelH,
            int kernelW,
            int stride,
            int dilation,
            int top,
            int left,
            int groups,
            boolean transposed,
            Activation activation,
            boolean residual) {}

    /**
     * The slope of a rectifier's negative side. oneDNN's plain rectifier turns NaN into zero; a leaky one keeps it, and with
     * this slope is a plain one to twenty digits.
     */
    private static final float NO_SLOPE = 1e-20f;

    /** Weights have a scale for each index of their first dimension. */
    private static final int BY_CHANNEL = 1;

    private final Key key;
    private final dnnl_primitive primitive = new dnnl_primitive();
    private final dnnl_memory_desc x;
    private final dnnl_memory_desc y;
    private final dnnl_memory_desc bias;
    private final dnnl_memory_desc one;
    private final dnnl_memory_desc weightLayout = new dnnl_memory_desc();
    private final dnnl_memory_desc scratchpad = new dnnl_memory_desc();
    private final long scratchpadBytes;
    private final String implementation;
    private final @Nullable Binding[] bindings;

    /**
     * Compiles the convolution.
     *
     * @param workers that may execute it
     */
    ConvPlan(Key key, int workers) {
        OneDnn oneDnn = OneDnn.instance();
        this.key = key;
        bindings = new Binding[workers];
        int type = type(key.input);
        x = OneDnn.dense(type, dnnl_nhwc, key.n, key.in, key.h, key.w);
        y = OneDnn.dense(type(key.type), dnnl_nhwc, key.n, key.out, key.outH, key.outW);
        bias = OneDnn.dense(dnnl_f32, dnnl_a, key.out);
        one = OneDnn.dense(dnnl_f32, dnnl_a, 1);
        dnnl_memory_desc w = weights(key, type, dnnl_format_tag_any);
        dnnl_primitive_desc desc = describe(oneDnn, w);
        OneDnn.check(
                dnnl_memory_desc_clone(weightLayout, dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0)),
                "dnnl_memory_desc_clone");
        OneDnn.check(
                dnnl_memory_desc_clone(scratchpad, dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0)),
                "dnnl_memory_desc_clone");
        scratchpadBytes = dnnl_memory_desc_get_size(scratchpad);
        OneDnn.check(dnnl_primitive_create(primitive, desc), "dnnl_primitive_create");
        implementation = OneDnn.implementation(desc);
        dnnl_primitive_desc_destroy(desc);
        dnnl_memory_desc_destroy(w);
    }

    private dnnl_primitive_desc describe(OneDnn oneDnn, dnnl_memory_desc w) {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        dnnl_post_ops postOps = new dnnl_post_ops();
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(dnnl_primitive_attr_create(attributes), "dnnl_primitive_attr_create");
        OneDnn.check(dnnl_post_ops_create(postOps), "dnnl_post_ops_create");
        try {
            OneDnn.check(
                    dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
                    "dnnl_primitive_attr_set_scratchpad_mode");
            if (isInt8()) {
                OneDnn.check(
                        dnnl_primitive_attr_set_scales_mask(attributes, DNNL_ARG_SRC, 0),
                        "dnnl_primitive_attr_set_scales_mask");
                OneDnn.check(
                        dnnl_primitive_attr_set_scales_mask(attributes, DNNL_ARG_WEIGHTS, BY_CHANNEL),
                        "dnnl_primitive_attr_set_scales_mask");
            }
            if (key.residual) {
                OneDnn.check(dnnl_post_ops_append_sum(postOps, 1, 0, dnnl_data_type_undef), "dnnl_post_ops_append_sum");
            }
            if (key.activation != Activation.NONE) {
                boolean rectifier = key.activation == Activation.RELU;
                OneDnn.check(
                        dnnl_post_ops_append_eltwise(
                                postOps,
                                rectifier ? dnnl_eltwise_relu : MatmulPlan.algorithm(key.activation),
                                rectifier ? NO_SLOPE : MatmulPlan.alpha(key.activation),
                                0),
                        "dnnl_post_ops_append_eltwise");
            }
            OneDnn.check(dnnl_primitive_attr_set_post_ops(attributes, postOps), "dnnl_primitive_attr_set_post_ops");
            long[] strides = {key.stride, key.stride};
            long[] holes = {key.dilation - 1, key.dilation - 1};
            long[] before = {key.top, key.left};
            if (key.transposed) {
                long[] behind = {
                    end(key.h, key.kernelH) - key.outH - key.top, end(key.w, key.kernelW) - key.outW - key.left
                };
                OneDnn.check(
                        dnnl_deconvolution_forward_primitive_desc_create(
                                desc,
                                oneDnn.engine(),
                                dnnl_forward_inference,
                                dnnl_deconvolution_direct,
                                x,
                                w,
                                bias,
                                y,
                                strides,
                                holes,
                                before,
                                behind,
                                attributes),
                        "dnnl_deconvolution_forward_primitive_desc_create",
                        key);
            } else {
                long[] behind = {
                    end(key.outH, key.kernelH) - key.h - key.top, end(key.outW, key.kernelW) - key.w - key.left
                };
                OneDnn.check(
                        dnnl_convolution_forward_primitive_desc_create(
                                desc,
                                oneDnn.engine(),
                                dnnl_forward_inference,
                                dnnl_convolution_direct,
                                x,
                                w,
                                bias,
                                y,
                                strides,
                                holes,
                                before,
                                behind,
                                attributes),
                        "dnnl_convolution_forward_primitive_desc_create",
                        key);
            }
            return desc;
        } finally {
            dnnl_post_ops_destroy(postOps);
            dnnl_primitive_attr_destroy(attributes);
        }
    }

    /** Rows (or columns) that so many windows cover together. */
    private long end(int windows, int kernel) {
        return (windows - 1L) * key.stride + (kernel - 1L) * key.dilation + 1;
    }

    private static dnnl_memory_desc weights(Key key, int type, int tag) {
        int groups = key.groups;
        return groups == 1
                ? OneDnn.dense(type, tag, key.out, key.in, key.kernelH, key.kernelW)
                : OneDnn.dense(type, tag, groups, key.out / groups, key.in / groups, key.kernelH, key.kernelW);
    }

    /** The weights in PyTorch's order. */
    static dnnl_memory_desc plainWeights(Key key, DType type) {
        return weights(key, type(type), key.groups == 1 ? dnnl_oihw : dnnl_goihw);
    }

    private static int type(DType type) {
        return switch (type) {
            case F32 -> dnnl_f32;
            case BF16 -> dnnl_bf16;
            case I8 -> dnnl_s8;
            case F16, U8, I32, I64 -> throw new IllegalArgumentException("no convolution of " + type);
        };
    }

    private boolean isInt8() {
        return key.input == DType.I8;
    }

    Key key() {
        return key;
    }

    /** The layout in which this plan wants its weights; valid while the plan is open. */
    dnnl_memory_desc weightLayout() {
        return weightLayout;
    }

    /** Name of oneDNN's chosen implementation, such as {@code brgconv_1x1:avx512_core}. */
    String implementation() {
        return implementation;
    }

    /** Scratch memory that {@link #execute} takes from the worker while it runs. */
    long scratchpadBytes() {
        return scratchpadBytes;
    }

    /**
     * Computes the convolution on the calling worker.
     *
     * @param scale of the pictures, one f32; read only if they are of 8 bits, as are the weights'
     * @param weightScales f32 [O]
     */
    void execute(
            Worker worker, long input, long scale, long weights, long weightScales, long biasAddress, long result) {
        Binding binding = bindings[worker.index()];
        if (binding == null) {
            binding = new Binding();
            bindings[worker.index()] = binding;
        }
        if (isInt8()) {
            binding.scale(scale, weightScales);
        }
        binding.execute(worker, input, weights, biasAddress, result);
    }

    @Override
    public void close() {
        for (Binding binding : bindings) {
            if (binding != null) {
                binding.close();
            }
        }
        for (dnnl_memory_desc desc : List.of(x, y, bias, one, weightLayout, scratchpad)) {
            dnnl_memory_desc_destroy(desc);
        }
        dnnl_primitive_destroy(primitive);
    }

    /** What one worker needs to call the primitive. */
    private final class Binding implements AutoCloseable {
        private final dnnl_stream stream = new dnnl_stream();
        private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(7);
        private final OneDnn.Address address = new OneDnn.Address();
        private final List<Handle> handles = new ArrayList<>();
        private final Handle source;
        private final Handle kernel;
        private final Handle shift;
        private final Handle target;
        private final @Nullable Handle pad;
        private final @Nullable Handle sourceScale;
        private final @Nullable Handle kernelScales;

        /** A memory object and where it points. */
        private final class Handle {
            private final dnnl_memory memory = new dnnl_memory();
            private long at;

            Handle(int argument, dnnl_memory_desc desc) {
                OneDnn.check(
                        dnnl_memory_create(memory, desc, OneDnn.instance().engine(), address.to(0)),
                        "dnnl_memory_create");
                arguments.getPointer(handles.size()).arg(argument).memory(memory);
                handles.add(this);
            }

            void point(long to) {
                if (to != at) {
                    OneDnn.check(dnnl_memory_set_data_handle(memory, address.to(to)), "dnnl_memory_set_data_handle");
                    at = to;
                }
            }
        }

        Binding() {
            OneDnn.check(
                    dnnl_stream_create(stream, OneDnn.instance().engine(), dnnl_stream_default_flags),
                    "dnnl_stream_create");
            source = new Handle(DNNL_ARG_SRC, x);
            kernel = new Handle(DNNL_ARG_WEIGHTS, weightLayout);
            shift = new Handle(DNNL_ARG_BIAS, bias);
            target = new Handle(DNNL_ARG_DST, y);
            pad = scratchpadBytes == 0 ? null : new Handle(DNNL_ARG_SCRATCHPAD, scratchpad);
            sourceScale = isInt8() ? new Handle(DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC, one) : null;
            kernelScales = isInt8() ? new Handle(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, bias) : null;
        }

        void scale(long ofPictures, long ofWeights) {
            if (sourceScale != null && kernelScales != null) {
                sourceScale.point(ofPictures);
                kernelScales.point(ofWeights);
            }
        }

        void execute(Worker worker, long input, long weights, long biasAddress, long result) {
            source.point(input);
            kernel.point(weights);
            shift.point(biasAddress);
            target.point(result);
            if (pad != null) {
                pad.point(worker.scratch().allocate(scratchpadBytes));
            }
            OneDnn.check(
                    dnnl_primitive_execute(primitive, stream, handles.size(), arguments),
                    "dnnl_primitive_execute (convolution)");
        }

        @Override
        public void close() {
            handles.forEach(handle -> dnnl_memory_destroy(handle.memory));
            dnnl_stream_destroy(stream);
            arguments.deallocate();
        }
    }
}
