package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;

/** A convolution on the CPU. */
record CpuConv(Kernel kernel, Geometry geometry, Precision precision, ConvLayer layer) implements Conv2d {
    /** How pictures of these sizes are computed. */
    ConvSchedule schedule(Planes planes, Planes result, int threads, Activation activation, boolean residual) {
        return layer.schedule(new ConvSchedule.Key(planes, result, padding(planes), threads, activation, residual));
    }
}
