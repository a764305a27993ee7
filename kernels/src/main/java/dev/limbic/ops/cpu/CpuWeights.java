package dev.limbic.ops.cpu;

import dev.limbic.ops.Checks;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Precision;
import dev.limbic.ops.Recurrent;
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
    private final Deque<Runnable> release = new ArrayDeque<>();

    CpuWeights(int teamSize) {
        this.teamSize = teamSize;
    }

    @Override
    public Tensor tensor(HostTensor host, DType dtype) {
        Shape shape = host.shape();
        int n = Math.toIntExact(shape.elements());
        long address = HostMemory.INSTANCE.allocate((long) n * dtype.bytes());
        release.push(() -> HostMemory.INSTANCE.free(address));
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
        Checks.some("linear", weight);
        if (precision == Precision.F16) {
            throw new IllegalArgumentException("linear: the CPU computes in f32, bf16 or int8, asked for f16");
        }
        int in = columns("linear", weight.getFirst());
        int out = 0;
        for (HostTensor w : weight) {
            if (columns("linear", w) != in) {
                throw new IllegalArgumentException("linear: weights [N, " + in + "] expected, found " + w.shape());
            }
            out += w.shape().dim(0);
        }
        if (!bias.isEmpty() && bias.size() != weight.size()) {
            throw new IllegalArgumentException("linear: " + weight.size() + " biases expected, found " + bias.size());
        }
        for (int i = 0; i < bias.size(); i++) {
            int rows = weight.get(i).shape().dim(0);
            if (bias.get(i).shape().elements() != rows) {
                throw new IllegalArgumentException("linear: bias [" + rows + "] expected, found "
                        + bias.get(i).shape());
            }
        }
        CpuLinear linear = new CpuLinear(in, out, stacked(weight), stacked(bias), precision, maxPanels);
        release.push(linear::close);
        return linear;
    }

    private static int columns(String operation, HostTensor matrix) {
        if (matrix.shape().rank() != 2) {
            throw new IllegalArgumentException(operation + ": a matrix expected, found " + matrix.shape());
        }
        return matrix.shape().dim(1);
    }

    private static float[] stacked(List<HostTensor> tensors) {
        float[] all = new float
                [Math.toIntExact(
                        tensors.stream().mapToLong(t -> t.shape().elements()).sum())];
        int offset = 0;
        for (HostTensor t : tensors) {
            float[] values = t.toFloats();
            System.arraycopy(values, 0, all, offset, values.length);
            offset += values.length;
        }
        return all;
    }

    @Override
    public Recurrent recurrent(Recurrent.Cell cell, List<Direction> directions, Precision precision) {
        if (directions.isEmpty() || directions.size() > 2) {
            throw new IllegalArgumentException("recurrent: one or two directions expected, found " + directions.size());
        }
        int hidden = columns("recurrent", directions.getFirst().hiddenWeight());
        int in = columns("recurrent", directions.getFirst().inputWeight());
        int rows = cell.gates() * hidden;
        for (Direction d : directions) {
            expect(d.inputWeight(), Shape.of(rows, in), cell);
            expect(d.hiddenWeight(), Shape.of(rows, hidden), cell);
            expect(d.inputBias(), Shape.of(rows), cell);
            expect(d.hiddenBias(), Shape.of(rows), cell);
        }
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

    private static void expect(HostTensor found, Shape expected, Recurrent.Cell cell) {
        if (!found.shape().equals(expected)) {
            throw new IllegalArgumentException(
                    "recurrent: " + cell + " needs " + expected + ", found " + found.shape());
        }
    }

    @Override
    public void close() {
        while (!release.isEmpty()) {
            release.pop().run();
        }
    }
}
