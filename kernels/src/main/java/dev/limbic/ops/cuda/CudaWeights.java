package dev.limbic.ops.cuda;

import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvTranspose2d;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.WeightShapes;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** Weights in device memory, converted on the way there. */
final class CudaWeights implements Weights {
    private final CudaContext context;
    private final DeviceMemory memory;
    private final Graphs graphs;
    private final Deque<Runnable> release = new ArrayDeque<>();

    CudaWeights(CudaContext context, DeviceMemory memory, Graphs graphs) {
        this.context = context;
        this.memory = memory;
        this.graphs = graphs;
    }

    @Override
    public Tensor tensor(HostTensor host, DType dtype) {
        return new Tensor(dtype, host.shape(), upload(host.toFloats(), dtype));
    }

    private long upload(float[] values, DType dtype) {
        context.enter();
        long address = memory.allocate((long) values.length * dtype.bytes());
        release.push(() -> memory.free(address));
        copy(values, dtype, address);
        return address;
    }

    /** Copies values to device memory, as {@code dtype}; returns when they are there. */
    private void copy(float[] values, DType dtype, long address) {
        if (values.length == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment staged = arena.allocate((long) values.length * dtype.bytes(), 64);
            HalfPrecision.write(values, dtype, staged);
            Check.driver(
                    JCudaDriver.cuMemcpyHtoDAsync(
                            Address.device(address),
                            Pointer.to(staged.asByteBuffer()),
                            staged.byteSize(),
                            context.stream),
                    "cuMemcpyHtoDAsync of weights");
            context.synchronise();
        }
    }

    @Override
    public Linear linear(List<HostTensor> weight, List<HostTensor> bias, Precision precision) {
        require(precision);
        WeightShapes.Matrix shape = WeightShapes.linear(weight, bias);
        long matrix = upload(HostTensor.stacked(weight), precision.activations());
        long vector = bias.isEmpty() ? 0 : upload(HostTensor.stacked(bias), DType.F32);
        return new CudaLinear(shape.in(), shape.out(), precision, matrix, vector);
    }

    @Override
    public Recurrent recurrent(Recurrent.Cell cell, List<Direction> directions, Precision precision) {
        require(precision);
        WeightShapes.Cells shape = WeightShapes.recurrent(cell, directions);
        context.enter();
        CudaRecurrent layer =
                new CudaRecurrent(context, memory, cell, shape.in(), shape.hidden(), directions.size(), precision);
        release.push(layer::close);
        layer.load(directions, this::copy);
        return layer;
    }

    @Override
    public Conv2d conv2d(HostTensor weight, @Nullable HostTensor bias, Conv2d.Geometry geometry, Precision precision) {
        throw CudaConvOps.refused();
    }

    @Override
    public ConvTranspose2d convTranspose2d(
            HostTensor weight, @Nullable HostTensor bias, ConvTranspose2d.Geometry geometry, Precision precision) {
        throw CudaConvOps.refused();
    }

    private static void require(Precision precision) {
        if (precision == Precision.INT8) {
            throw new IllegalArgumentException("CUDA computes in f32, f16 or bf16, asked for int8");
        }
    }

    @Override
    public void close() {
        context.enter();
        graphs.close(); // they hold these addresses
        while (!release.isEmpty()) {
            release.pop().run();
        }
    }
}
