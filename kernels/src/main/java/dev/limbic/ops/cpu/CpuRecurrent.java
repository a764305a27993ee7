package dev.limbic.ops.cpu;

import dev.limbic.ops.Precision;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.RecurrentOps;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One recurrent layer. The input product of all rows and directions is one matmul; then each direction steps through
 * time over the sequences still running, longest first, so that short ones cost nothing after their end.
 */
final class CpuRecurrent implements Recurrent, AutoCloseable {
    private final Cell cell;
    private final int in;
    private final int hidden;
    private final CpuLinear input;
    private final List<CpuLinear> steps;

    /**
     * @param input [directions · gates · hidden, in] with bias
     * @param steps per direction [gates · hidden, hidden] with bias, in one panel
     */
    CpuRecurrent(Cell cell, int hidden, CpuLinear input, List<CpuLinear> steps) {
        this.cell = cell;
        this.in = input.in();
        this.hidden = hidden;
        this.input = input;
        this.steps = List.copyOf(steps);
    }

    CpuLinear input() {
        return input;
    }

    /**
     * Runs sequences {@code order[first … end − 1]} in one direction on the calling worker.
     *
     * @param order sequence numbers, longest first
     * @param projected input product [T, directions · gates · hidden]
     * @param outputs [T, directions · hidden], this direction's columns are written
     * @param initial state before the first rows, or null for zeros
     * @param last f32 [B, directions · hidden], this direction's columns of hidden state and cells are written
     */
    void run(
            Worker worker,
            int direction,
            int[] order,
            int first,
            int end,
            Tensor projected,
            Sequences sequences,
            Tensor outputs,
            RecurrentOps.@Nullable State initial,
            RecurrentOps.State last) {
        CpuLinear step = steps.get(direction);
        DType type = step.precision().activations();
        int bytes = type.bytes();
        int count = end - first;
        int gates = cell.gates() * hidden;
        int rows = CpuLinear.roundUp(count, 16);
        Arena scratch = worker.scratch();
        Arena.Mark mark = scratch.mark();
        // The state is kept in f32; the copy that enters the product is in the weights' activation type.
        long state = scratch.allocate(4L * rows * hidden);
        long cells = scratch.allocate(4L * rows * hidden);
        long product = scratch.allocate((long) rows * gates * bytes);
        long operand = type == DType.F32 ? state : scratch.allocate((long) rows * hidden * bytes);
        long wideInput = scratch.allocate(4L * gates);
        long wideProduct = scratch.allocate(4L * gates);
        Ram.fill(state, 4L * rows * hidden, (byte) 0);
        Ram.fill(cells, 4L * rows * hidden, (byte) 0);
        if (initial != null) {
            for (int s = 0; s < count; s++) {
                long columns = 4L * direction * hidden;
                Ram.copy(initial.hidden().row(order[first + s]) + columns, state + 4L * s * hidden, 4L * hidden);
                if (initial.cell() != null) {
                    Ram.copy(initial.cell().row(order[first + s]) + columns, cells + 4L * s * hidden, 4L * hidden);
                }
            }
        }
        if (operand != state) {
            Rows.convert(DType.F32, state, type, operand, rows * hidden);
        }
        int longest = sequences.length(order[first]);
        int running = count;
        for (int t = 0; t < longest; t++) {
            while (sequences.length(order[first + running - 1]) <= t) {
                running--;
            }
            step.rows(worker, operand, running, product, CpuLinear.Then.NOTHING, 0, step.panels());
            for (int s = 0; s < running; s++) {
                int sequence = order[first + s];
                int length = sequences.length(sequence);
                int row = sequences.first(sequence) + (direction == 0 ? t : length - 1 - t);
                long x = Rows.read(type, projected.row(row) + (long) direction * gates * bytes, gates, wideInput);
                long h = Rows.read(type, product + (long) s * gates * bytes, gates, wideProduct);
                long own = state + 4L * s * hidden;
                if (cell == Cell.LSTM) {
                    Cells.lstm(x, h, cells + 4L * s * hidden, own, hidden);
                } else {
                    Cells.gru(x, h, own, own, hidden);
                }
                long out = outputs.row(row) + (long) direction * hidden * bytes;
                Rows.convert(DType.F32, own, type, out, hidden);
                if (operand != state) {
                    Ram.copy(out, operand + (long) s * hidden * bytes, (long) hidden * bytes);
                }
            }
        }
        for (int s = 0; s < count; s++) {
            long columns = 4L * direction * hidden;
            Ram.copy(state + 4L * s * hidden, last.hidden().row(order[first + s]) + columns, 4L * hidden);
            if (last.cell() != null) {
                Ram.copy(cells + 4L * s * hidden, last.cell().row(order[first + s]) + columns, 4L * hidden);
            }
        }
        scratch.rewind(mark);
    }

    Precision precision() {
        return input.precision();
    }

    @Override
    public Cell cell() {
        return cell;
    }

    @Override
    public int in() {
        return in;
    }

    @Override
    public int hidden() {
        return hidden;
    }

    @Override
    public int directions() {
        return steps.size();
    }

    @Override
    public void close() {
        input.close();
        steps.forEach(CpuLinear::close);
    }
}
