package dev.limbic.ops;

import dev.limbic.ops.Recurrent.Cell;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A recurrent layer's equations in double.
 *
 * @param directions as they were handed to the device
 */
record RecurrentOracle(Cell cell, Precision precision, int hidden, List<Parameters> directions) {
    /** As {@link Weights.Direction}. */
    record Parameters(Matrix inputWeight, Matrix hiddenWeight, Matrix inputBias, Matrix hiddenBias) {
        static Parameters of(Weights.Direction direction) {
            return new Parameters(
                    Matrix.of(direction.inputWeight()),
                    Matrix.of(direction.hiddenWeight()),
                    Matrix.of(direction.inputBias()),
                    Matrix.of(direction.hiddenBias()));
        }

        Weights.Direction host() {
            return new Weights.Direction(
                    inputWeight.host(), hiddenWeight.host(), inputBias.hostVector(), hiddenBias.hostVector());
        }

        /** The values that the device computes with. */
        Parameters storedAs(Precision precision) {
            return new Parameters(
                    inputWeight.weightsOf(precision), hiddenWeight.weightsOf(precision), inputBias, hiddenBias);
        }
    }

    /**
     * What comes out.
     *
     * @param outputs [T, D·H]
     * @param last final hidden states, [B, D·H]
     * @param cells final cells, [B, D·H]
     * @param tie what one element of a row that a tie sends the other way does to a gate, in int8; else 0
     */
    record Result(double[] outputs, double[] last, double[] cells, double tie) {
        /** Of f32 sums, and of int8 where each step goes on from what the device gave: a gate's error enters once, cells included. */
        Closeness closeness() {
            return new Closeness(5e-5 + 2 * tie, 1e-5);
        }
    }

    /**
     * State before the first rows.
     *
     * @param hidden [B, D·H]
     * @param cells [B, D·H]; not read of a GRU
     */
    record Initial(Matrix hidden, Matrix cells) {}

    Result of(Matrix x, int[] lengths) {
        return of(x, lengths, null, null);
    }

    /**
     * All rows of all sequences.
     *
     * @param initial null for zeros
     * @param given outputs of the device, which each step goes on from in place of this oracle's: a step of int8 that a tie
     *     sent the other way stays one; null for none
     */
    Result of(Matrix x, int[] lengths, @Nullable Initial initial, @Nullable Matrix given) {
        int width = directions.size() * hidden;
        double[] outputs = new double[x.rows() * width];
        double[] last = new double[lengths.length * width];
        double[] cells = new double[lengths.length * width];
        double tie = 0;
        Matrix seen = precision == Precision.INT8 ? Int8Oracle.activations(x) : x;
        for (int d = 0; d < directions.size(); d++) {
            Parameters p = directions.get(d).storedAs(precision);
            double[] projected = Oracle.linear(seen, p.inputWeight, p.inputBias.values());
            tie = Math.max(tie, tie(x, p.inputWeight) + tie(widest(), p.hiddenWeight));
            int first = 0;
            for (int b = 0; b < lengths.length; b++) {
                double[] h = new double[hidden];
                double[] c = new double[hidden];
                for (int i = 0; initial != null && i < hidden; i++) {
                    h[i] = initial.hidden.at(b, d * hidden + i);
                    c[i] = cell == Cell.LSTM ? initial.cells.at(b, d * hidden + i) : 0;
                }
                System.arraycopy(h, 0, last, b * width + d * hidden, hidden);
                for (int t = 0; t < lengths[b]; t++) {
                    int row = first + (d == 0 ? t : lengths[b] - 1 - t);
                    step(p, projected, row, h, c);
                    System.arraycopy(h, 0, outputs, row * width + d * hidden, hidden);
                    System.arraycopy(h, 0, last, b * width + d * hidden, hidden);
                    for (int i = 0; given != null && i < hidden; i++) {
                        h[i] = given.at(row, d * hidden + i);
                    }
                }
                System.arraycopy(c, 0, cells, b * width + d * hidden, hidden);
                first += lengths[b];
            }
        }
        return new Result(outputs, last, cells, tie);
    }

    /** What a tie in a row of these can do to a product with these weights. */
    private double tie(Matrix rows, Matrix weight) {
        double largest = 0;
        if (precision == Precision.INT8) {
            for (double bound : Int8Oracle.emulationBound(rows, weight)) {
                largest = Math.max(largest, bound);
            }
        }
        return largest;
    }

    /** A row of hidden units that spans as much as they can. */
    private Matrix widest() {
        float[] row = new float[Math.max(2, hidden)];
        row[0] = 1;
        row[1] = -1;
        return new Matrix(1, row.length, row);
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
