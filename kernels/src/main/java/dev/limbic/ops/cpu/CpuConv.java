package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.DType;

/** A convolution on the CPU. */
record CpuConv(Kernel kernel, Geometry geometry, Precision precision, ConvLayer layer) implements Conv2d {
    /** See {@link ConvLayer#isWhole}. */
    boolean isWhole(Planes planes) {
        return layer.isWhole(planes);
    }

    /** See {@link WinogradTile}. */
    boolean isTiled(DType type, Planes result) {
        return WinogradTile.of(layer.sliding(), type, type, result) != null;
    }

    /**
     * How pictures of these sizes are computed.
     *
     * @param type of the result, and of the pictures if they are not rounded to bytes
     */
    ConvLayer.Single schedule(
            DType type, Planes planes, Planes result, int threads, Activation activation, boolean residual) {
        return layer.schedule(new ConvSchedule.Key(
                layer.rounds(planes), type, planes, result, padding(planes), threads, activation, residual));
    }
}
