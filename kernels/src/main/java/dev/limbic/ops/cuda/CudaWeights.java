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
    private final Kernels kernels;
    private final Deque<Runnable> release = new ArrayDeque<>();

    CudaWeights(CudaContext context, DeviceMemory memory, Graphs graphs, Kernels kernels) {
        this.context = context;
        this.kernels = kernels;
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
        require(precision);
        Conv2d.Kernel kernel = WeightShapes.conv2d(weight, bias, geometry);
        boolean depthwise = CudaConv.isDepthwise(kernel, geometry.groups());
        int pixels = kernel.height() * kernel.width();
        float[] matrix = depthwise
                ? HostTensor.transposed(weight.toFloats(), 1, kernel.out(), pixels)
                : HostTensor.transposed(weight.toFloats(), kernel.out(), kernel.in() / geometry.groups(), pixels);
        return new CudaConv(kernel, geometry, precision, layer(matrix, bias, kernel, precision, false));
    }

    @Override
    public ConvTranspose2d convTranspose2d(
            HostTensor weight, @Nullable HostTensor bias, ConvTranspose2d.Geometry geometry, Precision precision) {
        require(precision);
        Conv2d.Kernel kernel = WeightShapes.convTranspose2d(weight, bias, geometry);
        float[] matrix = HostTensor.transposed(
                weight.toFloats(), kernel.in(), kernel.out() / geometry.groups(), kernel.height() * kernel.width());
        return new CudaConvTranspose(kernel, geometry, precision, layer(matrix, bias, kernel, precision, true));
    }

    private CudaConvLayer layer(
            float[] matrix, @Nullable HostTensor bias, Conv2d.Kernel kernel, Precision precision, boolean transposed) {
        context.enter();
        kernels.preparePictures();
        // Before Ampere cuDNN has no convolutions of bf16.
        boolean widened = precision == Precision.BF16 && context.chip() < CudaContext.AMPERE;
        Precision computes = widened ? Precision.F32 : precision;
        float[] vector = bias == null ? new float[kernel.out()] : bias.toFloats();
        long weights = upload(matrix, computes.activations());
        CudaConvLayer layer = new CudaConvLayer(computes, weights, upload(vector, DType.F32), transposed, context);
        release.push(layer::close);
        return layer;
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
