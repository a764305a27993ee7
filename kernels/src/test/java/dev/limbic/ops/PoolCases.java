package dev.limbic.ops;

import dev.limbic.tensor.DType;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link RowOps#pool} and {@link RowOps#attentionPool}: one row per sequence. */
interface PoolCases {
    Workbench bench();

    private static int[] mixedLengths() {
        return new int[] {1, 33, 2, 7, 127, 1, 3, 64};
    }

    @ParameterizedTest
    @CsvSource({"MEAN,F32", "MEAN,BF16", "MAX,F32", "MAX,BF16"})
    default void poolMatchesTheOracle(Pooling pooling, DType type) {
        for (int h : new int[] {1, 2, 3, 7, 31, 32, 33, 64, 127, 768, 1025}) {
            int[] lengths = mixedLengths();
            Matrix x = bench().normal(Arrays.stream(lengths).sum(), h).storedAs(type);
            float[] y = bench().download(
                            bench().ops().rows().pool(bench().upload(x, type), bench().sequences(lengths), pooling));
            Closeness.of(type).check("pool " + pooling + " " + type + " " + h, y, Oracle.pool(x, lengths, pooling));
        }
    }

    @ParameterizedTest
    @CsvSource({"MEAN,F32", "MEAN,BF16", "MAX,F32", "MAX,BF16"})
    default void poolOfNegativeValuesIsNegative(Pooling pooling, DType type) {
        int[] lengths = mixedLengths();
        float[] values = bench().normal(Arrays.stream(lengths).sum(), 37).values();
        for (int i = 0; i < values.length; i++) {
            values[i] = -1 - Math.abs(values[i]);
        }
        Matrix x = new Matrix(values.length / 37, 37, values).storedAs(type);
        float[] y = bench().download(
                        bench().ops().rows().pool(bench().upload(x, type), bench().sequences(lengths), pooling));
        Closeness.of(type).check("pool " + pooling + " of negatives", y, Oracle.pool(x, lengths, pooling));
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionPoolMatchesTheOracle(DType type) {
        bench().assumeComputes(type);
        int[] lengths = mixedLengths();
        int t = Arrays.stream(lengths).sum();
        for (int h : new int[] {1, 3, 32, 33, 127, 768}) {
            for (double spread : new double[] {1, 2000}) {
                Matrix x = bench().normal(t, h).storedAs(type);
                Matrix scores = bench().normal(t, 1, spread).storedAs(type);
                float[] y = bench().download(bench().ops()
                        .rows()
                        .attentionPool(
                                bench().upload(x, type), bench().upload(scores, type), bench().sequences(lengths)));
                Closeness.of(type)
                        .check(
                                "attentionPool " + type + " " + h + " scores × " + spread,
                                y,
                                Oracle.attentionPool(x, scores, lengths));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionPoolTakesScoresOfAnotherType(DType type) {
        bench().assumeComputes(type);
        int[] lengths = mixedLengths();
        int t = Arrays.stream(lengths).sum();
        DType other = type == DType.F32 ? DType.BF16 : DType.F32;
        Matrix x = bench().normal(t, 33).storedAs(type);
        Matrix scores = bench().normal(t, 1).storedAs(other);
        float[] y = bench().download(bench().ops()
                .rows()
                .attentionPool(bench().upload(x, type), bench().upload(scores, other), bench().sequences(lengths)));
        Closeness.of(type).check("attentionPool of mixed types", y, Oracle.attentionPool(x, scores, lengths));
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void poolOfASequenceDoesNotDependOnItsBatch(DType type) {
        bench().assumeComputes(type);
        int[] lengths = mixedLengths();
        int[] bounds = Workbench.bounds(lengths);
        int h = 130;
        Matrix x = bench().normal(bounds[lengths.length], h).storedAs(type);
        Matrix scores = bench().normal(bounds[lengths.length], 1).storedAs(type);
        float[][] batch = pools(x, scores, type, lengths);
        for (int b = 0; b < lengths.length; b++) {
            float[][] alone =
                    pools(x.rows(bounds[b], bounds[b + 1]), scores.rows(bounds[b], bounds[b + 1]), type, lengths[b]);
            for (int i = 0; i < batch.length; i++) {
                Closeness.of(type)
                        .checkSame(
                                "pooling " + i + " of sequence " + b + " alone",
                                alone[i],
                                Arrays.copyOfRange(batch[i], b * h, (b + 1) * h));
            }
        }
    }

    private float[][] pools(Matrix x, Matrix scores, DType type, int... lengths) {
        Ops ops = bench().ops();
        var rows = bench().upload(x, type);
        Sequences sequences = bench().sequences(lengths);
        return new float[][] {
            bench().download(ops.rows().pool(rows, sequences, Pooling.MEAN)),
            bench().download(ops.rows().pool(rows, sequences, Pooling.MAX)),
            bench().download(ops.rows().attentionPool(rows, bench().upload(scores, type), sequences))
        };
    }
}
