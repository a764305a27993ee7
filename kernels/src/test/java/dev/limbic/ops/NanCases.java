package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.ops.Recurrent.Cell;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** NaN stays visible in the row or sequence where it arose, and touches no other. */
interface NanCases {
    /** The usual NaN, those with every bit of the payload set, and one whose payload is only in the low bits. */
    private static float[] nans() {
        return new float[] {
            Float.NaN,
            Float.intBitsToFloat(0x7FFFFFFF),
            Float.intBitsToFloat(0xFFFFFFFF),
            Float.intBitsToFloat(0x7FC00001)
        };
    }

    Workbench bench();

    /** Rows {@code from … to − 1} of y are NaN throughout; all others are as without NaN. */
    private static void check(String what, float[] y, float[] clean, int columns, int from, int to) {
        for (int i = 0; i < y.length; i++) {
            int row = i / columns;
            String where = what + " row " + row + " column " + i % columns;
            if (row >= from && row < to) {
                assertThat(y[i]).as(where).isNaN();
            } else {
                same(where, y[i], clean[i]);
            }
        }
    }

    /** Not bit for bit: the order of a sum over the lanes of a vector is not specified. */
    private static void same(String what, float actual, float expected) {
        assertThat(Math.abs(actual - expected))
                .as("%s: %s without NaN, now %s", what, expected, actual)
                .isLessThanOrEqualTo(1e-5f + 0x1p-7f * Math.abs(expected));
    }

    @ParameterizedTest
    @EnumSource
    default void linearKeepsNan(Precision precision) {
        bench().assumeComputes(precision);
        for (int t : new int[] {1, 5, 130}) {
            LinearCase c = LinearCase.random(bench(), t, 40, 70, true, precision);
            for (Activation activation : Activation.values()) {
                float[] clean = c.run(activation);
                for (float nan : nans()) {
                    for (int column : new int[] {3, 39}) {
                        int row = t / 2;
                        float[] y = c.withInput(c.x().with(row, column, nan)).run(activation);
                        check("linear " + precision + " " + activation, y, clean, 70, row, row + 1);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    default void linearKeepsInfinityVisible(Precision precision) {
        bench().assumeComputes(precision);
        LinearCase c = LinearCase.random(bench(), 5, 40, 70, true, precision);
        float[] clean = c.run(Activation.NONE);
        for (float value : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] y = c.withInput(c.x().with(2, 3, value)).run(Activation.NONE);
            for (int i = 0; i < y.length; i++) {
                if (i / 70 == 2) {
                    assertThat(Float.isFinite(y[i])).as("column " + i % 70).isFalse();
                } else {
                    same("column " + i % 70, y[i], clean[i]);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    default void linearKeepsNanOfItsWeights(Precision precision) {
        bench().assumeComputes(precision);
        Matrix weight = bench().normal(70, 40).with(66, 7, Float.NaN).with(2, 39, Float.NaN);
        Linear linear = bench().weights().linear(weight.host(), null, precision);
        Tensor x = bench().upload(bench().normal(3, 40), precision.activations());
        float[] y = bench().download(bench().ops().linear(x, linear, Activation.NONE));
        for (int i = 0; i < y.length; i++) {
            assertThat(Float.isNaN(y[i])).as("column " + i % 70).isEqualTo(i % 70 == 66 || i % 70 == 2);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionKeepsNan(DType type) {
        bench().assumeComputes(type);
        // Heads of every kernel: short, one and two tiles wide, and wider still.
        for (int d : new int[] {20, 64, 128, 129}) {
            attentionKeepsNan(type, d);
        }
    }

    private void attentionKeepsNan(DType type, int d) {
        int[] lengths = {3, 17, 1, 40};
        int heads = 2;
        int h = heads * d;
        Matrix qkv = bench().normal(61, 3 * h).storedAs(type);
        for (boolean causal : new boolean[] {false, true}) {
            float[] clean = attention(qkv, type, lengths, heads, causal);
            for (float nan : nans()) {
                // Query of row 9: that row of the first head. Key and value: all rows that see it.
                int first = causal ? 9 : 3;
                checkHead("query", attention(qkv.with(9, 4, nan), type, lengths, heads, causal), clean, h, d, 9, 10);
                checkHead(
                        "key",
                        attention(qkv.with(9, h + 4, nan), type, lengths, heads, causal),
                        clean,
                        h,
                        d,
                        first,
                        20);
            }
            // The first row of the next sequence lies right behind the last of this one.
            for (int column : new int[] {h + 4, 2 * h + 4}) {
                float[] next = attention(qkv.with(3, column, Float.NaN), type, lengths, heads, causal);
                for (int i = 0; i < 3 * h; i++) {
                    same("row " + i / h + " before NaN of the next sequence", next[i], clean[i]);
                }
            }
            float[] y = attention(qkv.with(9, 2 * h + 4, Float.NaN), type, lengths, heads, causal);
            for (int i = 0; i < y.length; i++) {
                int row = i / h;
                if (row < 3 || row >= 20 || i % h != 4) {
                    assertThat(y[i])
                            .as("value, row " + row + " column " + i % h)
                            .isEqualTo(clean[i]);
                } else if (!causal || row >= 9) {
                    assertThat(y[i]).as("value, row " + row).isNaN();
                }
            }
        }
    }

    private float[] attention(Matrix qkv, DType type, int[] lengths, int heads, boolean causal) {
        return bench().download(
                        bench().ops().attention(bench().upload(qkv, type), bench().sequences(lengths), heads, causal));
    }

    private static void checkHead(String what, float[] y, float[] clean, int h, int d, int from, int to) {
        for (int i = 0; i < y.length; i++) {
            int row = i / h;
            String where = "attention, NaN in " + what + ", row " + row + " column " + i % h;
            if (row >= from && row < to && i % h < d) {
                assertThat(y[i]).as(where).isNaN();
            } else {
                same(where, y[i], clean[i]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void rowOperationsKeepNan(DType type) {
        bench().assumeComputes(type);
        for (int h : new int[] {5, 37, 768}) {
            Norm norm = new Norm(
                    bench().weights().tensor(bench().normal(1, h).hostVector(), DType.F32),
                    bench().weights().tensor(bench().normal(1, h).hostVector(), DType.F32),
                    1e-5f);
            Matrix x = bench().normal(65, h).storedAs(type);
            float[] softmax = bench().download(bench().ops().softmax(bench().upload(x, type)));
            float[] normed = normed(x, x, type, norm);
            for (float nan : nans()) {
                for (int column : new int[] {0, h - 1}) {
                    Matrix poisoned = x.with(33, column, nan);
                    check(
                            "softmax " + type,
                            bench().download(bench().ops().softmax(bench().upload(poisoned, type))),
                            softmax,
                            h,
                            33,
                            34);
                    check("addLayerNorm " + type, normed(poisoned, x, type, norm), normed, h, 33, 34);
                    check("addLayerNorm " + type, normed(x, poisoned, type, norm), normed, h, 33, 34);
                }
            }
        }
    }

    private float[] normed(Matrix x, Matrix residual, DType type, Norm norm) {
        Tensor result = bench().upload(residual, type);
        bench().ops().addLayerNorm(bench().upload(x, type), result, norm);
        return bench().download(result);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void poolKeepsNan(DType type) {
        bench().assumeComputes(type);
        int[] lengths = {2, 5, 1};
        int h = 37;
        Matrix x = bench().normal(8, h).storedAs(type);
        for (int pooling = 0; pooling < 3; pooling++) {
            float[] clean = pool(x, type, lengths, pooling);
            for (float nan : nans()) {
                for (int row : new int[] {2, 4, 6}) {
                    for (int column : new int[] {0, h - 1}) {
                        float[] y = pool(x.with(row, column, nan), type, lengths, pooling);
                        for (int i = 0; i < y.length; i++) {
                            String where = "pooling " + pooling + " " + type + " element " + i;
                            if (i == h + column) {
                                assertThat(y[i]).as(where).isNaN();
                            } else {
                                same(where, y[i], clean[i]);
                            }
                        }
                    }
                }
            }
        }
    }

    private float[] pool(Matrix x, DType type, int[] lengths, int pooling) {
        Ops ops = bench().ops();
        Tensor rows = bench().upload(x, type);
        Sequences sequences = bench().sequences(lengths);
        float[] scores = new float[x.rows()];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = i % 3;
        }
        return bench().download(
                        switch (pooling) {
                            case 0 -> ops.pool(rows, sequences, Pooling.MEAN);
                            case 1 -> ops.pool(rows, sequences, Pooling.MAX);
                            default -> ops.attentionPool(rows, bench().device().upload(scores, x.rows(), 1), sequences);
                        });
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionPoolKeepsNanOfItsScores(DType type) {
        bench().assumeComputes(type);
        Matrix x = bench().normal(8, 37).storedAs(type);
        Matrix scores = bench().normal(8, 1);
        Sequences sequences = bench().sequences(2, 5, 1);
        float[][] y = new float[2][];
        for (int i = 0; i < 2; i++) {
            Matrix own = i == 0 ? scores : scores.with(4, 0, Float.NaN);
            y[i] = bench().download(bench().ops()
                    .attentionPool(bench().upload(x, type), bench().upload(own, DType.F32), sequences));
        }
        check("attentionPool", y[1], y[0], 37, 1, 2);
    }

    /** From the poisoned row on, in the direction of time, all of the state is NaN; other sequences do not notice. */
    @ParameterizedTest
    @EnumSource
    default void recurrentKeepsNan(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = {4, 9, 1, 6};
        for (int hidden : new int[] {5, 36}) {
            for (Cell cell : Cell.values()) {
                RecurrentCase c = RecurrentCase.random(bench(), cell, 1, 12, hidden, precision);
                Matrix x = c.input(lengths);
                Ops.RecurrentOutput clean = c.run(x, lengths);
                float[] outputs = bench().download(clean.outputs());
                float[] last = bench().download(clean.last());
                for (float nan : nans()) {
                    Ops.RecurrentOutput y = c.run(x.with(8, 3, nan), lengths);
                    String what = cell + " " + precision;
                    check(what + " outputs", bench().download(y.outputs()), outputs, hidden, 8, 13);
                    check(what + " last", bench().download(y.last()), last, hidden, 1, 2);
                }
            }
        }
    }
}
