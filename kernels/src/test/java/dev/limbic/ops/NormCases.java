package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Norms of rows, alone, beside a residual and behind a product. */
interface NormCases {
    Workbench bench();

    private Norm norm(Matrix gain, Matrix bias, float epsilon) {
        return new Norm(
                bench().weights().tensor(gain.hostVector(), DType.F32),
                bench().weights().tensor(bias.hostVector(), DType.F32),
                epsilon);
    }

    private Tensor vector(Matrix row) {
        return bench().weights().tensor(row.hostVector(), DType.F32);
    }

    private static double[] wide(Matrix x) {
        double[] values = new double[x.values().length];
        Arrays.setAll(values, i -> x.values()[i]);
        return values;
    }

    /** One or two elements in a row: x − mean may be almost nothing beside x, whose last bit is then divided by it. */
    private static double[] normAllowance(double[] expected, int h, boolean norm, Matrix gain) {
        double[] allowance = new double[expected.length];
        Arrays.setAll(allowance, i -> norm && h <= 3 ? 1e-3 * Math.abs(gain.values()[i % h]) : 0);
        return allowance;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void layerNormMatchesTheOracle(int h) {
        Matrix gain = bench().normal(1, h);
        Matrix bias = bench().normal(1, h);
        Norm norm = new Norm(vector(gain), vector(bias), 1e-5f);
        for (DType type : bench().types()) {
            for (int t : new int[] {1, 5, 127}) {
                Matrix x = bench().normal(t, h, 3).storedAs(type);
                double[] expected = wide(x);
                Oracle.layerNorm(expected, h, gain.values(), bias.values(), 1e-5f);
                Tensor input = bench().upload(x, type);
                String what = type + " [" + t + ", " + h + "]";
                Closeness closeness = Closeness.of(type);
                // One or two elements in a row: x − mean may be almost nothing beside x, see normAllowance.
                double[] allowance = new double[expected.length];
                Arrays.setAll(allowance, i -> h <= 3 ? 1e-3 * Math.abs(gain.values()[i % h]) : 0);
                closeness.check(
                        "layerNorm " + what,
                        bench().download(bench().ops().rows().layerNorm(input, norm)),
                        expected,
                        allowance);
                new Closeness(0, 0).check("layerNorm leaves x, " + what, bench().download(input), wide(x));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void rmsNormMatchesTheOracle(int h) {
        Matrix gain = bench().normal(1, h);
        for (DType type : bench().types()) {
            for (int t : new int[] {1, 5, 127}) {
                for (double deviation : new double[] {1, 1e-4, 300}) {
                    Matrix x = bench().normal(t, h, deviation).storedAs(type);
                    double[] expected = wide(x);
                    Oracle.rmsNorm(expected, h, gain.values(), 1e-6f);
                    Tensor y = bench().ops().rows().rmsNorm(bench().upload(x, type), vector(gain), 1e-6f);
                    Closeness.of(type)
                            .check("rmsNorm " + type + " [" + t + ", " + h + "]", bench().download(y), expected);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void addLayerNormMatchesTheOracle(int h) {
        Matrix gain = bench().normal(1, h);
        Matrix bias = bench().normal(1, h);
        Norm norm = norm(gain, bias, 1e-12f);
        for (DType type : bench().types()) {
            for (int t : new int[] {1, 3, 65}) {
                Matrix x = bench().normal(t, h).storedAs(type);
                Matrix residual = bench().normal(t, h).storedAs(type);
                double[] expected = new double[t * h];
                Arrays.setAll(expected, i -> (double) x.values()[i] + residual.values()[i]);
                Oracle.layerNorm(expected, h, gain.values(), bias.values(), 1e-12f);
                Tensor left = bench().upload(x, type);
                Tensor right = bench().upload(residual, type);
                bench().ops().rows().addLayerNorm(left, right, norm);
                String what = "addLayerNorm " + type + " [" + t + ", " + h + "]";
                Closeness.of(type)
                        .check(what, bench().download(right), expected, normAllowance(expected, h, true, gain));
                new Closeness(0, 0).checkSame(what + " leaves x alone", bench().download(left), x.values());
            }
        }
    }

    /** The mean is a thousand times the deviation: a variance taken as E[x²] − E[x]² would be lost. */
    @Test
    default void layerNormKeepsTheVarianceOfRowsFarFromZero() {
        int h = 768;
        float[] values = bench().normal(4, h).values();
        for (int i = 0; i < values.length; i++) {
            // Whole multiples of 2⁻⁷ near 1000 are exact in f32.
            values[i] = 1000 + Math.round(values[i] * 128) / 128f;
        }
        Matrix x = new Matrix(4, h, values);
        Matrix gain = bench().normal(1, h);
        Matrix bias = bench().normal(1, h);
        Tensor residual = bench().upload(x, DType.F32);
        bench().ops()
                .rows()
                .addLayerNorm(
                        bench().upload(new Matrix(4, h, new float[4 * h]), DType.F32),
                        residual,
                        norm(gain, bias, 1e-5f));
        double[] expected = new double[4 * h];
        Arrays.setAll(expected, i -> x.values()[i]);
        Oracle.layerNorm(expected, h, gain.values(), bias.values(), 1e-5f);
        // The mean itself is an f32 near 1000: half a unit in its last place is 3e-5, rounding of its sum a few times
        // that.
        new Closeness(1e-3, 1e-4).check("far from zero", bench().download(residual), expected);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void addLayerNormOfARowDoesNotDependOnItsBatch(DType type) {
        bench().assumeComputes(type);
        int h = 200;
        Norm norm = norm(bench().normal(1, h), bench().normal(1, h), 1e-5f);
        Matrix x = bench().normal(50, h).storedAs(type);
        Tensor batch = bench().upload(x, type);
        bench().ops().rows().addLayerNorm(bench().upload(x, type), batch, norm);
        float[] all = bench().download(batch);
        for (int row : new int[] {0, 24, 25, 49}) {
            Tensor alone = bench().upload(x.rows(row, row + 1), type);
            bench().ops().rows().addLayerNorm(bench().upload(x.rows(row, row + 1), type), alone, norm);
            new Closeness(0, 0)
                    .checkSame("row " + row, bench().download(alone), Arrays.copyOfRange(all, row * h, (row + 1) * h));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void linearAddLayerNormProjectsAddsAndNormalises(Precision precision) {
        bench().assumeComputes(precision);
        DType type = precision.activations();
        for (int[] shape : new int[][] {{1, 8, 4}, {33, 64, 128}, {17, 31, 65}, {9, 128, 768}}) {
            int h = shape[2];
            LinearCase c = LinearCase.random(bench(), shape[0], shape[1], h, true, precision);
            Matrix residual = bench().normal(shape[0], h).storedAs(type);
            Matrix gain = bench().normal(1, h);
            Matrix bias = bench().normal(1, h);
            Norm norm = new Norm(
                    bench().weights().tensor(gain.hostVector(), DType.F32),
                    bench().weights().tensor(bias.hostVector(), DType.F32),
                    1e-12f);
            double[] expected = Oracle.linear(c.x(), c.weight(), c.bias());
            for (int i = 0; i < expected.length; i++) {
                expected[i] += residual.values()[i];
            }
            Oracle.layerNorm(expected, h, gain.values(), bias.values(), 1e-12f);
            Tensor sum = bench().upload(residual, type);
            bench().ops().rows().linearAddLayerNorm(bench().upload(c.x(), type), c.linear(), sum, norm);
            Closeness.fused(type)
                    .check(
                            "linearAddLayerNorm " + precision + " " + Arrays.toString(shape),
                            bench().download(sum),
                            expected);
        }
    }
}
