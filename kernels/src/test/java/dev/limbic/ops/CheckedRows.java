package dev.limbic.ops;

import static dev.limbic.ops.Witness.largest;
import static dev.limbic.ops.Witness.wide;

import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** See {@link CheckedDevice}. */
final class CheckedRows implements RowOps {
    private final RowOps ops;
    private final Witness witness;

    CheckedRows(RowOps ops, Witness witness) {
        this.ops = ops;
        this.witness = witness;
    }

    @Override
    public Tensor linear(Tensor x, Linear weights, Activation activation) {
        Tensor y = ops.linear(x, weights, activation);
        witness.checkProduct("linear", x, weights, activation, y);
        return y;
    }

    /** The product by itself first: what follows is then held to what the device makes of it. */
    @Override
    public void linearAddLayerNorm(Tensor x, Linear weights, Tensor residual, Norm norm) {
        Tensor product = ops.linear(x, weights, Activation.NONE);
        witness.checkProduct("linearAddLayerNorm", x, weights, Activation.NONE, product);
        double[] expected = sum(product, residual);
        double size = normalise(expected, x.rows(), norm);
        ops.linearAddLayerNorm(x, weights, residual, norm);
        Closeness closeness = Closeness.fused(residual.dtype()).scaled(size);
        witness.check("linearAddLayerNorm", residual, expected, closeness);
    }

    @Override
    public Tensor embed(List<Lookup> lookups, @Nullable Norm norm) {
        Tensor y = ops.embed(lookups, norm);
        double[] expected = new double[y.rows() * y.columns()];
        for (Lookup lookup : lookups) {
            Matrix table = witness.of(lookup.table());
            int[] ids = witness.integers(lookup.ids());
            for (int i = 0; i < expected.length; i++) {
                expected[i] += table.at(ids[i / y.columns()], i % y.columns());
            }
        }
        witness.check("embed", y, expected, norm == null ? 1 : normalise(expected, y.rows(), norm));
        return y;
    }

    @Override
    public Tensor layerNorm(Tensor x, Norm norm) {
        double[] expected = wide(witness.of(x));
        double size = normalise(expected, x.rows(), norm);
        Tensor y = ops.layerNorm(x, norm);
        witness.check("layerNorm", y, expected, size);
        return y;
    }

    @Override
    public void addLayerNorm(Tensor x, Tensor residual, Norm norm) {
        double[] expected = sum(x, residual);
        double size = normalise(expected, x.rows(), norm);
        ops.addLayerNorm(x, residual, norm);
        witness.check("addLayerNorm", residual, expected, size);
    }

    private double[] sum(Tensor x, Tensor residual) {
        double[] sum = wide(witness.of(residual));
        double[] other = wide(witness.of(x));
        Arrays.setAll(sum, i -> sum[i] + other[i]);
        return sum;
    }

    /** Layer norm of rows, in place; gives how much larger than a unit what is rounded may become by it. */
    private double normalise(double[] rows, int count, Norm norm) {
        Matrix gain = witness.of(norm.gain());
        int h = rows.length / count;
        double size = 1;
        for (int from = 0; from < rows.length; from += h) {
            double[] row = Arrays.copyOfRange(rows, from, from + h);
            double mean = Arrays.stream(row).average().orElse(0);
            double variance = Arrays.stream(row)
                    .map(v -> (v - mean) * (v - mean))
                    .average()
                    .orElse(0);
            double largest = Arrays.stream(row).map(Math::abs).max().orElse(0);
            size = Math.max(size, largest / Math.sqrt(variance + norm.epsilon()));
        }
        Oracle.layerNorm(rows, h, gain.values(), witness.of(norm.bias()).values(), norm.epsilon());
        return size * Math.max(1, largest(gain));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor gain, float epsilon) {
        Tensor y = ops.rmsNorm(x, gain, epsilon);
        double[] expected = wide(witness.of(x));
        Oracle.rmsNorm(expected, x.columns(), witness.of(gain).values(), epsilon);
        witness.check("rmsNorm", y, expected, 1);
        return y;
    }

    @Override
    public void add(Tensor x, Tensor residual) {
        double[] expected = sum(x, residual);
        ops.add(x, residual);
        witness.check("add", residual, expected, 1);
    }

    @Override
    public Tensor swiGlu(Tensor x) {
        Tensor y = ops.swiGlu(x);
        Matrix gates = witness.of(x);
        witness.check("swiGlu", y, Oracle.swiGlu(gates), Math.pow(largest(gates), 2));
        return y;
    }

    @Override
    public Tensor softmax(Tensor x) {
        Tensor y = ops.softmax(x);
        witness.check("softmax", y, Oracle.softmax(wide(witness.of(x)), x.columns()), 1);
        return y;
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        Tensor y = ops.gatherRows(x, rows);
        Matrix from = witness.of(x);
        int[] numbers = witness.integers(rows);
        double[] expected = new double[numbers.length * x.columns()];
        Arrays.setAll(expected, i -> from.at(numbers[i / x.columns()], i % x.columns()));
        witness.check("gatherRows", y, expected, new Closeness(0, 0));
        return y;
    }

    @Override
    public Tensor concat(List<Tensor> parts) {
        Tensor y = ops.concat(parts);
        List<Matrix> from = new ArrayList<>();
        parts.forEach(part -> from.add(witness.of(part)));
        double[] expected = new double[y.rows() * y.columns()];
        int at = 0;
        for (int row = 0; row < y.rows(); row++) {
            for (Matrix part : from) {
                for (int column = 0; column < part.columns(); column++) {
                    expected[at++] = part.at(row, column);
                }
            }
        }
        witness.check("concat", y, expected, new Closeness(0, 0));
        return y;
    }

    @Override
    public Tensor pool(Tensor x, Sequences sequences, Pooling pooling) {
        Tensor y = ops.pool(x, sequences, pooling);
        witness.check("pool", y, Oracle.pool(witness.of(x), Witness.lengths(sequences), pooling), 1);
        return y;
    }

    @Override
    public Tensor attentionPool(Tensor x, Tensor scores, Sequences sequences) {
        Tensor y = ops.attentionPool(x, scores, sequences);
        Matrix rows = witness.of(x);
        double[] expected = Oracle.attentionPool(rows, witness.of(scores), Witness.lengths(sequences));
        witness.check("attentionPool", y, expected, largest(rows));
        return y;
    }
}
