package dev.limbic.ops.cpu;

import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvTranspose2d;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.WeightShapes;
import dev.limbic.ops.Weights;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.HostTensor;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Weights in host memory, in oneDNN's layouts. */
final class CpuWeights implements Weights {
    private final ConvPlans plans;
    private final int teamSize;
    private final WeightMemory memory = new WeightMemory();
    private final Deque<Runnable> release = new ArrayDeque<>();

    CpuWeights(ConvPlans plans) {
        this.plans = plans;
        this.teamSize = plans.workers();
    }

    @Override
    public Tensor tensor(HostTensor host, DType dtype) {
        Shape shape = host.shape();
        int n = Math.toIntExact(shape.elements());
        long address = memory.allocate((long) n * dtype.bytes());
        float[] values = host.toFloats();
        switch (dtype) {
            case F32 -> Ram.copyFrom(values, address);
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    Ram.setShort(address + 2L * i, Rows.bf16(values[i]));
                }
            }
            case F16, I8, U8, I32, I64 ->
                throw new IllegalArgumentException("the CPU keeps weights as f32 or bf16, asked for " + dtype);
        }
        return new Tensor(dtype, shape, address);
    }

    @Override
    public Linear linear(List<HostTensor> weight, List<HostTensor> bias, Precision precision) {
        return linear(weight, bias, precision, teamSize);
    }

    /** oneDNN would say "unimplemented", or multiply bytes inexactly. */
    private static void checkMultiplies(String operation, Precision precision) {
        if (!OneDnn.instance().multiplies(precision)) {
            throw new IllegalArgumentException(operation
                    + ": the CPU computes in f32, and where it has instructions for them in bf16 and int8; asked for "
                    + precision.name().toLowerCase(Locale.ROOT));
        }
    }

    private CpuLinear linear(List<HostTensor> weight, List<HostTensor> bias, Precision precision, int maxPanels) {
        checkMultiplies("linear", precision);
        WeightShapes.Matrix shape = WeightShapes.linear(weight, bias);
        CpuLinear linear = new CpuLinear(
                shape.in(),
                shape.out(),
                HostTensor.stacked(weight),
                HostTensor.stacked(bias),
                precision,
                maxPanels,
                memory);
        release.push(linear::close);
        return linear;
    }

    @Override
    public Conv2d conv2d(HostTensor weight, @Nullable HostTensor bias, Conv2d.Geometry geometry, Precision precision) {
        Conv2d.Kernel kernel = WeightShapes.conv2d(weight, bias, geometry);
        ConvLayer.Sliding sliding =
                new ConvLayer.Sliding(kernel, geometry.stride(), geometry.dilation(), geometry.groups(), false);
        return new CpuConv(kernel, geometry, precision, layer(sliding, weight.toFloats(), bias, precision));
    }

    @Override
    public ConvTranspose2d convTranspose2d(
            HostTensor weight, @Nullable HostTensor bias, ConvTranspose2d.Geometry geometry, Precision precision) {
        Conv2d.Kernel kernel = WeightShapes.convTranspose2d(weight, bias, geometry);
        ConvLayer.Sliding sliding =
                new ConvLayer.Sliding(kernel, geometry.stride(), geometry.dilation(), geometry.groups(), true);
        return new CpuConvTranspose(
                kernel, geometry, precision, layer(sliding, byOutput(weight, geometry.groups()), bias, precision));
    }

    private ConvLayer layer(ConvLayer.Sliding sliding, float[] weight, @Nullable HostTensor bias, Precision precision) {
        checkMultiplies("conv2d", precision);
        float[] shift = bias == null ? new float[sliding.kernel().out()] : bias.toFloats();
        ConvLayer layer = new ConvLayer(sliding, weight, shift, precision, plans, memory);
        release.push(layer::close);
        return layer;
    }

    /** [I, O/groups, kH, kW] as [O, I/groups, kH, kW]. */
    private static float[] byOutput(HostTensor weight, int groups) {
        int in = weight.shape().dim(0) / groups;
        int out = weight.shape().dim(1);
        int size = weight.shape().dim(2) * weight.shape().dim(3);
        float[] from = weight.toFloats();
        float[] to = new float[from.length];
        for (int g = 0; g < groups; g++) {
            for (int i = 0; i < in; i++) {
                for (int o = 0; o < out; o++) {
                    System.arraycopy(from, ((g * in + i) * out + o) * size, to, ((g * out + o) * in + i) * size, size);
                }
            }
        }
        return to;
    }

    @Override
    public Recurrent recurrent(Recurrent.Cell cell, List<Direction> directions, Precision precision) {
        int hidden = WeightShapes.recurrent(cell, directions).hidden();
        CpuLinear input = linear(
                directions.stream().map(Direction::inputWeight).toList(),
                directions.stream().map(Direction::inputBias).toList(),
                precision,
                teamSize);
        List<CpuLinear> steps = new ArrayList<>();
        for (Direction d : directions) {
            steps.add(linear(List.of(d.hiddenWeight()), List.of(d.hiddenBias()), precision, 1));
        }
        return new CpuRecurrent(cell, hidden, input, steps);
    }

    @Override
    public void close() {
        while (!release.isEmpty()) {
            release.pop().run();
        }
        memory.close();
    }
}
