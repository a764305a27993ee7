package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations on rows: embedding, sums, gates, gather, concatenation, softmax. */
interface RowCases {
    Workbench bench();

    private Norm norm(Matrix gain, Matrix bias, float epsilon) {
        return new Norm(
                bench().weights().tensor(gain.hostVector(), DType.F32),
                bench().weights().tensor(bias.hostVector(), DType.F32),
                epsilon);
    }

    private static double[] wide(Matrix x) {
        double[] values = new double[x.values().length];
        Arrays.setAll(values, i -> x.values()[i]);
        return values;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void embedSumsItsTables(int h) {
        Matrix gain = bench().normal(1, h);
        Matrix bias = bench().normal(1, h);
        Norm norm = norm(gain, bias, 1e-5f);
        for (DType type : bench().types()) {
            for (int tables = 1; tables <= Lookup.MOST; tables++) {
                for (int t : new int[] {1, 33, 127}) {
                    checkEmbed(type, t, h, tables, null, gain, bias);
                    checkEmbed(type, t, h, tables, norm, gain, bias);
                }
            }
        }
    }

    private void checkEmbed(DType type, int t, int h, int tables, @Nullable Norm norm, Matrix gain, Matrix bias) {
        List<Lookup> lookups = new ArrayList<>();
        double[] expected = new double[t * h];
        for (int i = 0; i < tables; i++) {
            int vocabulary = 5 + 40 * i;
            Matrix table = bench().normal(vocabulary, h).storedAs(type);
            int[] ids = bench().random().ints(t, 0, vocabulary).toArray();
            lookups.add(new Lookup(
                    bench().weights().tensor(table.host(), type),
                    bench().device().upload(ids)));
            for (int e = 0; e < expected.length; e++) {
                expected[e] += table.at(ids[e / h], e % h);
            }
        }
        if (norm != null) {
            Oracle.layerNorm(expected, h, gain.values(), bias.values(), 1e-5f);
        }
        float[] y = bench().download(bench().ops().rows().embed(lookups, norm));
        Closeness closeness = tables == 1 && norm == null ? new Closeness(0, 0) : Closeness.of(type);
        closeness.check(
                "embed " + type + " " + tables + " tables [" + t + ", " + h + "]" + (norm == null ? "" : " norm"),
                y,
                expected,
                normAllowance(expected, h, norm != null, gain));
    }

    /** One or two elements in a row: x − mean may be almost nothing beside x, whose last bit is then divided by it. */
    private static double[] normAllowance(double[] expected, int h, boolean norm, Matrix gain) {
        double[] allowance = new double[expected.length];
        Arrays.setAll(allowance, i -> norm && h <= 3 ? 1e-3 * Math.abs(gain.values()[i % h]) : 0);
        return allowance;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void addSumsInPlace(int h) {
        for (DType type : bench().types()) {
            for (int t : new int[] {1, 5, 127}) {
                Matrix x = bench().normal(t, h).storedAs(type);
                Matrix residual = bench().normal(t, h).storedAs(type);
                double[] expected = wide(x);
                Arrays.setAll(expected, i -> expected[i] + residual.values()[i]);
                Tensor result = bench().upload(residual, type);
                bench().ops().rows().add(bench().upload(x, type), result);
                Closeness.of(type).check("add " + type + " [" + t + ", " + h + "]", bench().download(result), expected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025})
    default void swiGluMatchesTheOracle(int n) {
        for (DType type : bench().types()) {
            for (int t : new int[] {1, 5, 33}) {
                Matrix x = bench().normal(t, 2 * n, 2).storedAs(type);
                Tensor y = bench().ops().rows().swiGlu(bench().upload(x, type));
                Closeness.of(type)
                        .check("swiGlu " + type + " [" + t + ", 2·" + n + "]", bench().download(y), Oracle.swiGlu(x));
            }
        }
    }

    /** Large negative gates close, large positive ones pass; neither overflows. */
    @ParameterizedTest
    @ValueSource(ints = {1, 40})
    default void swiGluSurvivesLargeGates(int n) {
        for (DType type : bench().types()) {
            for (float gate : new float[] {-1000, -90, 90, 1000}) {
                float[] values = new float[2 * n];
                Arrays.fill(values, 0, n, gate);
                Arrays.fill(values, n, 2 * n, 0.5f);
                double[] expected = new double[n];
                Arrays.fill(expected, gate < 0 ? 0 : gate * 0.5);
                Tensor y =
                        bench().ops().rows().swiGlu(bench().upload(new Matrix(1, 2 * n, values).storedAs(type), type));
                Closeness.of(type).check("swiGlu of " + gate + " " + type, bench().download(y), expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void gatherRowsCopiesInAnyOrderWithRepeats(DType type) {
        bench().assumeComputes(type);
        for (int h : new int[] {1, 3, 33, 768}) {
            Matrix x = bench().normal(40, h).storedAs(type);
            int[] rows = {39, 0, 0, 17, 39, 1, 38};
            double[] expected = new double[rows.length * h];
            Arrays.setAll(expected, i -> x.at(rows[i / h], i % h));
            Tensor y = bench().ops()
                    .rows()
                    .gatherRows(bench().upload(x, type), bench().device().upload(rows));
            new Closeness(0, 0).check("gatherRows " + type + " of " + h, bench().download(y), expected);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void concatPutsPartsSideBySide(DType type) {
        bench().assumeComputes(type);
        int[] widths = {1, 33, 7, 64};
        int total = Arrays.stream(widths).sum();
        for (int b : new int[] {1, 2, 31}) {
            List<Tensor> parts = new ArrayList<>();
            double[] expected = new double[b * total];
            int offset = 0;
            for (int width : widths) {
                Matrix part = bench().normal(b, width).storedAs(type);
                parts.add(bench().upload(part, type));
                for (int i = 0; i < b * width; i++) {
                    expected[i / width * total + offset + i % width] = part.values()[i];
                }
                offset += width;
            }
            new Closeness(0, 0)
                    .check(
                            "concat " + type,
                            bench().download(bench().ops().rows().concat(parts)),
                            expected);
        }
    }

    private void checkSoftmax(String what, Matrix x, DType type) {
        Matrix stored = x.storedAs(type);
        double[] wide = new double[stored.values().length];
        Arrays.setAll(wide, i -> stored.values()[i]);
        float[] y = bench().download(bench().ops().rows().softmax(bench().upload(stored, type)));
        Closeness.of(type).check("softmax " + what + " " + type, y, Oracle.softmax(wide, x.columns()));
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void softmaxMatchesTheOracle(DType type) {
        bench().assumeComputes(type);
        for (int columns : new int[] {1, 2, 3, 7, 28, 31, 32, 33, 64, 127, 768, 1025}) {
            for (int rows : new int[] {1, 2, 65}) {
                checkSoftmax("[" + rows + ", " + columns + "]", bench().normal(rows, columns, 3), type);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void softmaxHoldsAtExtremes(DType type) {
        bench().assumeComputes(type);
        float[][] rows = {
            {-100, 5},
            {5, -100},
            {1e4f, -1e4f},
            {-1e4f, 1e4f, 1e4f},
            {-1e4f, -1e4f},
            {1e4f},
            {-1e4f},
            {0, 0, 0},
            {Float.NEGATIVE_INFINITY, 3, 4},
            {3e38f, -3e38f},
            {Float.MIN_VALUE, 0}
        };
        for (float[] row : rows) {
            checkSoftmax(Arrays.toString(row), new Matrix(1, row.length, row), type);
            // The same far enough to the right for whole vectors, and in the last, partial one.
            float[] wide = new float[37];
            Arrays.fill(wide, row[row.length - 1]);
            System.arraycopy(row, 0, wide, 0, row.length);
            checkSoftmax("wide " + Arrays.toString(row), new Matrix(1, 37, wide), type);
        }
    }
}
