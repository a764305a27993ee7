package dev.limbic.ops.cuda;

import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvTranspose2d;
import dev.limbic.ops.Precision;

/** A transposed convolution on a chip. */
record CudaConvTranspose(Conv2d.Kernel kernel, Geometry geometry, Precision precision, CudaConvLayer layer)
        implements ConvTranspose2d {}
