package dev.limbic.ops.cuda;

import dev.limbic.ops.Precision;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Weights of a convolution or transposed convolution on the chip.
 *
 * @param computes what its pictures are kept in while it computes, which may be more than asked for
 * @param weights [out, kernelH, kernelW, in/groups]; of depthwise convolutions [kernelH, kernelW, out]
 * @param bias f32 [out], zeros for none
 */
record CudaConvLayer(
        Precision computes,
        long weights,
        long bias,
        boolean transposed,
        CudaContext context,
        Map<CudnnConvolution.Shape, CudnnConvolution> plans)
        implements AutoCloseable {
    /** Sizes of pictures that plans are kept for; the one unused for longest makes room. */
    private static final int PLANS = 32;

    CudaConvLayer(Precision computes, long weights, long bias, boolean transposed, CudaContext context) {
        this(computes, weights, bias, transposed, context, new LinkedHashMap<>(8, 0.75f, true));
    }

    CudnnConvolution plan(CudnnConvolution.Shape shape) {
        CudnnConvolution plan = plans.get(shape);
        if (plan == null) {
            plan = new CudnnConvolution(context, shape, transposed);
            plans.put(shape, plan);
            if (plans.size() > PLANS) {
                CudnnConvolution.Shape eldest = plans.keySet().iterator().next();
                CudnnConvolution unused = plans.remove(eldest);
                if (unused != null) {
                    unused.close();
                }
            }
        }
        return plan;
    }

    @Override
    public void close() {
        plans.values().forEach(CudnnConvolution::close);
        plans.clear();
    }
}
