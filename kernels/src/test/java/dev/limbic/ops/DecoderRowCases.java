package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations on rows that decoders add: norms that leave the residual alone, sums, gated units, rotary positions. */
interface DecoderRowCases {
    Workbench bench();

    private static double[] wide(Matrix x) {
        double[] values = new double[x.values().length];
        Arrays.setAll(values, i -> x.values()[i]);
        return values;
    }

    private Tensor vector(Matrix row) {
        return bench().weights().tensor(row.hostVector(), DType.F32);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void layerNormMatchesTheOracle(int h) {
        bench().assumeDecodes();
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
                // One or two elements in a row: x − mean may be almost nothing beside x, see RowCases.
                double[] allowance = new double[expected.length];
                Arrays.setAll(allowance, i -> h <= 3 ? 1e-3 * Math.abs(gain.values()[i % h]) : 0);
                closeness.check(
                        "layerNorm " + what,
                        bench().download(bench().ops().layerNorm(input, norm)),
                        expected,
                        allowance);
                new Closeness(0, 0).check("layerNorm leaves x, " + what, bench().download(input), wide(x));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void rmsNormMatchesTheOracle(int h) {
        bench().assumeDecodes();
        Matrix gain = bench().normal(1, h);
        for (DType type : bench().types()) {
            for (int t : new int[] {1, 5, 127}) {
                for (double deviation : new double[] {1, 1e-4, 300}) {
                    Matrix x = bench().normal(t, h, deviation).storedAs(type);
                    double[] expected = wide(x);
                    Oracle.rmsNorm(expected, h, gain.values(), 1e-6f);
                    Tensor y = bench().ops().rmsNorm(bench().upload(x, type), vector(gain), 1e-6f);
                    Closeness.of(type)
                            .check("rmsNorm " + type + " [" + t + ", " + h + "]", bench().download(y), expected);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void addSumsInPlace(int h) {
        bench().assumeDecodes();
        for (DType type : bench().types()) {
            for (int t : new int[] {1, 5, 127}) {
                Matrix x = bench().normal(t, h).storedAs(type);
                Matrix residual = bench().normal(t, h).storedAs(type);
                double[] expected = wide(x);
                Arrays.setAll(expected, i -> expected[i] + residual.values()[i]);
                Tensor result = bench().upload(residual, type);
                bench().ops().add(bench().upload(x, type), result);
                Closeness.of(type).check("add " + type + " [" + t + ", " + h + "]", bench().download(result), expected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void swiGluMatchesTheOracle(int n) {
        bench().assumeDecodes();
        for (DType type : bench().types()) {
            for (int t : new int[] {1, 5, 33}) {
                Matrix x = bench().normal(t, 2 * n, 2).storedAs(type);
                double[] expected = new double[t * n];
                for (int i = 0; i < expected.length; i++) {
                    double gate = x.at(i / n, i % n);
                    expected[i] = gate * Oracle.sigmoid(gate) * x.at(i / n, n + i % n);
                }
                Tensor y = bench().ops().swiGlu(bench().upload(x, type));
                Closeness.of(type).check("swiGlu " + type + " [" + t + ", 2·" + n + "]", bench().download(y), expected);
            }
        }
    }

    /** Large negative gates close, large positive ones pass; neither overflows. */
    @ParameterizedTest
    @ValueSource(ints = {1, 40})
    default void swiGluSurvivesLargeGates(int n) {
        bench().assumeDecodes();
        for (DType type : bench().types()) {
            for (float gate : new float[] {-1000, -90, 90, 1000}) {
                float[] values = new float[2 * n];
                Arrays.fill(values, 0, n, gate);
                Arrays.fill(values, n, 2 * n, 0.5f);
                double[] expected = new double[n];
                Arrays.fill(expected, gate < 0 ? 0 : gate * 0.5);
                Tensor y = bench().ops().swiGlu(bench().upload(new Matrix(1, 2 * n, values).storedAs(type), type));
                Closeness.of(type).check("swiGlu of " + gate + " " + type, bench().download(y), expected);
            }
        }
    }

    /** Head size, columns that are turned, query heads, key heads. */
    @ParameterizedTest
    @CsvSource({"2,2,1,1", "3,2,3,1", "5,4,2,2", "20,20,4,2", "33,32,3,3", "64,64,12,12", "80,32,2,1", "128,128,8,1"})
    default void rotaryMatchesTheOracle(int size, int dims, int queries, int keys) {
        bench().assumeDecodes();
        Heads heads = new Heads(queries, keys, size);
        int longest = 40;
        Matrix angles = bench().normal(longest, dims / 2, 3);
        Matrix cosine = map(angles, Math::cos);
        Matrix sine = map(angles, Math::sin);
        Tensor cosines = bench().weights().tensor(cosine.host(), DType.F32);
        Tensor sines = bench().weights().tensor(sine.host(), DType.F32);
        for (DType type : bench().types()) {
            for (boolean interleaved : new boolean[] {false, true}) {
                for (int t : new int[] {1, 7, 33}) {
                    Matrix x = bench().normal(t, heads.columns()).storedAs(type);
                    int[] positions = bench().random().ints(t, 0, longest).toArray();
                    Tensor qkv = bench().upload(x, type);
                    bench().ops()
                            .rotary(
                                    qkv,
                                    new Rotary(cosines, sines, dims, interleaved),
                                    bench().device().upload(positions),
                                    heads);
                    Closeness.of(type)
                            .check(
                                    "rotary " + heads + " dims " + dims + (interleaved ? " interleaved " : " ") + type,
                                    bench().download(qkv),
                                    Oracle.rotary(x, cosine, sine, interleaved, positions, heads));
                }
            }
        }
    }

    private static Matrix map(Matrix x, java.util.function.DoubleUnaryOperator function) {
        float[] values = new float[x.values().length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) function.applyAsDouble(x.values()[i]);
        }
        return new Matrix(x.rows(), x.columns(), values);
    }
}
