package dev.limbic.ops;

import dev.limbic.ops.Recurrent.Cell;
import dev.limbic.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One recurrent layer with its parameters on the host, and its equations in double. */
record RecurrentCase(
        Workbench bench,
        Cell cell,
        Precision precision,
        int in,
        int hidden,
        List<Parameters> directions,
        Recurrent layer) {

    /** As {@link Weights.Direction}. */
    record Parameters(Matrix inputWeight, Matrix hiddenWeight, Matrix inputBias, Matrix hiddenBias) {
        Weights.Direction host() {
            return new Weights.Direction(
                    inputWeight.host(), hiddenWeight.host(), inputBias.hostVector(), hiddenBias.hostVector());
        }

        /** The values that the device computes with. */
        Parameters storedAs(Precision precision) {
            if (precision == Precision.INT8) {
                return new Parameters(
                        Int8Oracle.weights(inputWeight), Int8Oracle.weights(hiddenWeight), inputBias, hiddenBias);
            }
            DType type = precision.activations();
            return new Parameters(inputWeight.storedAs(type), hiddenWeight.storedAs(type), inputBias, hiddenBias);
        }
    }

    /** Outputs [T, D·H], final hidden states [B, D·H] and cells [B, D·H]. */
    record Result(double[] outputs, double[] last, double[] cells) {}

    static RecurrentCase random(Workbench bench, Cell cell, int directions, int in, int hidden, Precision precision) {
        List<Parameters> parameters = new ArrayList<>();
        int rows = cell.gates() * hidden;
        for (int d = 0; d < directions; d++) {
            parameters.add(new Parameters(
                    bench.normal(rows, in, 1 / Math.sqrt(in)),
                    bench.normal(rows, hidden, 0.6 / Math.sqrt(hidden)),
                    bench.normal(1, rows, 0.3),
                    bench.normal(1, rows, 0.3)));
        }
        Recurrent layer = bench.weights()
                .recurrent(cell, parameters.stream().map(Parameters::host).toList(), precision);
        return new RecurrentCase(bench, cell, precision, in, hidden, parameters, layer);
    }

    Matrix input(int[] lengths) {
        return bench.normal(Arrays.stream(lengths).sum(), in).storedAs(precision.activations());
    }

    RecurrentOps.Output run(Matrix x, int... lengths) {
        return bench.ops()
                .recurrence()
                .recurrent(bench.upload(x, precision.activations()), layer, bench.sequences(lengths));
    }

    /** The same from a state that an earlier run has left. */
    RecurrentOps.Output runFrom(RecurrentOps.@Nullable State initial, Matrix x, int... lengths) {
        return bench.ops()
                .recurrence()
                .recurrent(bench.upload(x, precision.activations()), layer, bench.sequences(lengths), initial);
    }

    /**
     * Of one precision's rounding, fed back at each step. f32: sums of tens of products. bf16: input and hidden
     * product (up to about 4) and the state are each rounded to 8 bits, 2⁻⁹ of 4, and the feedback can double it. f16: the same with 11 bits.
     * int8: weights and activations are emulated, so only elements next to a tie differ, by one step of 1/127 of the
     * state's span times one weight.
     */
    Closeness closeness() {
        return switch (precision) {
            case F32 -> new Closeness(5e-5, 1e-5);
            case BF16 -> new Closeness(2.5e-2, 0x1p-8);
            case F16 -> new Closeness(3.2e-3, 0x1p-10);
            case INT8 -> new Closeness(1.5e-2, 1e-5);
        };
    }

    void check(int... lengths) {
        Matrix x = input(lengths);
        RecurrentOps.Output actual = run(x, lengths);
        Result expected = oracle(x, lengths);
        String what = cell + " × " + directions.size() + " " + precision + " [" + in + " → " + hidden + "] "
                + Arrays.toString(lengths);
        closeness().check(what + " outputs", bench.download(actual.outputs()), expected.outputs);
        closeness().check(what + " last", bench.download(actual.last()), expected.last);
    }

    Result oracle(Matrix x, int[] lengths) {
        int width = directions.size() * hidden;
        Result result = new Result(
                new double[x.rows() * width], new double[lengths.length * width], new double[lengths.length * width]);
        Matrix seen = precision == Precision.INT8 ? Int8Oracle.activations(x) : x;
        for (int d = 0; d < directions.size(); d++) {
            Parameters p = directions.get(d).storedAs(precision);
            double[] projected = Oracle.linear(seen, p.inputWeight, p.inputBias.values());
            int first = 0;
            for (int b = 0; b < lengths.length; b++) {
                double[] h = new double[hidden];
                double[] c = new double[hidden];
                for (int t = 0; t < lengths[b]; t++) {
                    int row = first + (d == 0 ? t : lengths[b] - 1 - t);
                    step(p, projected, row, h, c);
                    System.arraycopy(h, 0, result.outputs, row * width + d * hidden, hidden);
                }
                System.arraycopy(h, 0, result.last, b * width + d * hidden, hidden);
                System.arraycopy(c, 0, result.cells, b * width + d * hidden, hidden);
                first += lengths[b];
            }
        }
        return result;
    }

    /** PyTorch's equations, gate for gate. */
    private void step(Parameters p, double[] projected, int row, double[] h, double[] c) {
        float[] state = new float[hidden];
        for (int i = 0; i < hidden; i++) {
            state[i] = (float) h[i];
        }
        Matrix operand = new Matrix(1, hidden, state);
        if (precision == Precision.INT8) {
            operand = Int8Oracle.activations(operand);
        }
        double[] u = Oracle.linear(operand, p.hiddenWeight, p.hiddenBias.values());
        int from = row * cell.gates() * hidden;
        for (int i = 0; i < hidden; i++) {
            double[] g = new double[cell.gates()];
            double[] v = new double[cell.gates()];
            for (int k = 0; k < g.length; k++) {
                g[k] = projected[from + k * hidden + i];
                v[k] = u[k * hidden + i];
            }
            if (cell == Cell.LSTM) {
                double in = Oracle.sigmoid(g[0] + v[0]);
                double forget = Oracle.sigmoid(g[1] + v[1]);
                c[i] = forget * c[i] + in * Math.tanh(g[2] + v[2]);
                h[i] = Oracle.sigmoid(g[3] + v[3]) * Math.tanh(c[i]);
            } else {
                double reset = Oracle.sigmoid(g[0] + v[0]);
                double update = Oracle.sigmoid(g[1] + v[1]);
                h[i] = (1 - update) * Math.tanh(g[2] + reset * v[2]) + update * h[i];
            }
        }
    }
}
