package dev.limbic.ops.cuda;

import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Precision;

/** A convolution on a chip. */
record CudaConv(Kernel kernel, Geometry geometry, Precision precision, CudaConvLayer layer) implements Conv2d {
    /** Whether each input channel is a group of its own: then a kernel of ours computes it. */
    static boolean isDepthwise(Kernel kernel, int groups) {
        return groups == kernel.in();
    }
}
