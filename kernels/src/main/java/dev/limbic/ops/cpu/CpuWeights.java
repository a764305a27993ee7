package dev.limbic.ops.cpu;

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

/** Weights in host memory, in oneDNN's layouts. */
final class CpuWeights implements Weights {
    private final int teamSize;
    private final WeightMemory memory = new WeightMemory();
    private final Deque<Runnable> release = new ArrayDeque<>();

    CpuWeights(int teamSize) {
        this.teamSize = teamSize;
    }

    @Override
    public Tensor tensor(HostTensor host, DType dtype) {
        Shape shape = host.shape();
        int n = Math.toIntExact(shape.elements());
        long address = memory.allocate((long) n * dtype.bytes());
        float[] values = host.toFloats();
        for (int i = 0; i < n; i++) {
            switch (dtype) {
                case F32 -> Ram.setFloat(address + 4L * i, values[i]);
                case BF16 -> Ram.setShort(address + 2L * i, Rows.bf16(values[i]));
                case F16, I8, I32, I64 ->
                    throw new IllegalArgumentException("the CPU keeps weights as f32 or bf16, asked for " + dtype);
            }
        }
        return new Tensor(dtype, shape, address);
    }

    @Override
    public Linear linear(List<HostTensor> weight, List<HostTensor> bias, Precision precision) {
        return linear(weight, bias, precision, teamSize);
    }

    private CpuLinear linear(List<HostTensor> weight, List<HostTensor> bias, Precision precision, int maxPanels) {
        if (precision == Precision.F16) {
            throw new IllegalArgumentException("linear: the CPU computes in f32, bf16 or int8, asked for f16");
        }
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
