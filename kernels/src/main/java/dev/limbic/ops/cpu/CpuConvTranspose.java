package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvTranspose2d;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.DType;

/** A transposed convolution on the CPU. */
record CpuConvTranspose(Conv2d.Kernel kernel, Geometry geometry, Precision precision, ConvLayer layer)
        implements ConvTranspose2d {
    /** How pictures of these sizes are computed. */
    ConvLayer.Single schedule(DType type, Planes planes, Planes result, int threads, Activation activation) {
        return layer.schedule(
                new ConvSchedule.Key(false, type, planes, result, geometry.padding(), threads, activation, false));
    }
}
