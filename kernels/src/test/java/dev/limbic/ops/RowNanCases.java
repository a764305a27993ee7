package dev.limbic.ops;

import static dev.limbic.ops.Nan.check;
import static dev.limbic.ops.Nan.nans;
import static dev.limbic.ops.Nan.same;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** NaN in operations on rows stays in its row or sequence. */
interface RowNanCases {
    Workbench bench();

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
        float[] y = bench().download(bench().ops().rows().linear(x, linear, Activation.NONE));
        for (int i = 0; i < y.length; i++) {
            assertThat(Float.isNaN(y[i])).as("column " + i % 70).isEqualTo(i % 70 == 66 || i % 70 == 2);
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
            float[] softmax = bench().download(bench().ops().rows().softmax(bench().upload(x, type)));
            float[] normed = normed(x, x, type, norm);
            for (float nan : nans()) {
                for (int column : new int[] {0, h - 1}) {
                    Matrix poisoned = x.with(33, column, nan);
                    check(
                            "softmax " + type,
                            bench().download(bench().ops().rows().softmax(bench().upload(poisoned, type))),
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
        bench().ops().rows().addLayerNorm(bench().upload(x, type), result, norm);
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
                            case 0 -> ops.rows().pool(rows, sequences, Pooling.MEAN);
                            case 1 -> ops.rows().pool(rows, sequences, Pooling.MAX);
                            default ->
                                ops.rows().attentionPool(rows, bench().device().upload(scores, x.rows(), 1), sequences);
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
                    .rows()
                    .attentionPool(bench().upload(x, type), bench().upload(own, DType.F32), sequences));
        }
        check("attentionPool", y[1], y[0], 37, 1, 2);
    }
}
