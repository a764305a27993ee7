package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link AttentionOps#attention} and {@link AttentionOps#selfAttention}: head sizes off the vector width, mixed lengths, large scores. */
interface AttentionCases {
    private static int[] mixedLengths() {
        return new int[] {1, 7, 2, 33, 3, 64, 31, 1, 32, 127, 16, 17, 4, 5};
    }

    Workbench bench();

    private void check(String what, Matrix values, DType type, int[] lengths, int heads, boolean causal) {
        Matrix qkv = values.storedAs(type);
        float[] y = bench().download(bench().ops()
                .attention()
                .attention(bench().upload(qkv, type), bench().sequences(lengths), heads, causal));
        Closeness.of(type)
                .check(
                        "attention " + what + " " + type + (causal ? " causal" : ""),
                        y,
                        Oracle.attention(qkv, lengths, heads, causal),
                        allowance(qkv, type, lengths, heads, causal));
    }

    /** What a provider may be off by that rounds weights to bf16: half a unit of 8 bits of each, so of Σ w·|v|. */
    private static double[] allowance(Matrix qkv, DType type, int[] lengths, int heads, boolean causal) {
        double rounding = type == DType.BF16 ? 0x1p-8 : 0;
        float[] absolute = qkv.values().clone();
        for (int i = 0; i < absolute.length; i++) {
            absolute[i] = i % qkv.columns() < qkv.columns() / 3 * 2 ? absolute[i] : Math.abs(absolute[i]);
        }
        return Arrays.stream(Oracle.attention(new Matrix(qkv.rows(), qkv.columns(), absolute), lengths, heads, causal))
                .map(sum -> rounding * sum)
                .toArray();
    }

    @ParameterizedTest
    @CsvSource({
        "1,1", "1,2", "3,3", "12,2", "5,3", "7,1", "31,2", "33,1", "64,3", "80,2", "128,1", "129,1", "136,2", "300,1"
    })
    default void attentionMatchesTheOracle(int d, int heads) {
        int[] lengths = mixedLengths();
        Matrix qkv = bench().normal(Arrays.stream(lengths).sum(), 3 * heads * d);
        for (DType type : bench().types()) {
            check(heads + " heads of " + d, qkv, type, lengths, heads, false);
            check(heads + " heads of " + d, qkv, type, lengths, heads, true);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionHandlesEverySequenceLength(DType type) {
        bench().assumeComputes(type);
        Matrix qkv = bench().normal(70, 3 * 20);
        for (int length = 1; length <= 70; length++) {
            bench().device().beginBatch();
            check("length " + length, qkv.rows(0, length), type, new int[] {length}, 2, false);
            check("length " + length, qkv.rows(0, length), type, new int[] {length}, 2, true);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionOfLongSequencesMatchesTheOracle(DType type) {
        bench().assumeComputes(type);
        int[] lengths = {197, 1, 600};
        check("long", bench().normal(798, 3 * 24), type, lengths, 2, false);
    }

    /** Scores of thousands: one key takes all; a softmax that is not shifted by its maximum would give NaN. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionSurvivesLargeScores(DType type) {
        bench().assumeComputes(type);
        int[] lengths = {1, 9, 40};
        Matrix base = bench().normal(50, 3 * 32);
        float[] large = base.values().clone();
        for (int t = 0; t < 50; t++) {
            for (int c = 0; c < 64; c++) {
                // Whole multiples of 8: scores are far apart and exact in f32, so that no rounding decides a maximum.
                large[t * 96 + c] = 8 * Math.round(4 * large[t * 96 + c]);
            }
        }
        check("large scores", new Matrix(50, 96, large), type, lengths, 2, false);
        check("large scores", new Matrix(50, 96, large), type, lengths, 2, true);
    }

    /** All scores equal and strongly negative or positive: a plain mean of the values. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionOfEqualExtremeScoresIsTheMean(DType type) {
        bench().assumeComputes(type);
        for (float sign : new float[] {1, -1}) {
            Matrix qkv = bench().normal(11, 3 * 16);
            float[] values = qkv.values().clone();
            for (int t = 0; t < 11; t++) {
                Arrays.fill(values, t * 48, t * 48 + 16, 64);
                Arrays.fill(values, t * 48 + 16, t * 48 + 32, sign * 64);
            }
            check("equal scores", new Matrix(11, 48, values), type, new int[] {11}, 1, false);
            check("equal scores", new Matrix(11, 48, values), type, new int[] {11}, 1, true);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionOfASequenceDoesNotDependOnItsBatch(DType type) {
        bench().assumeComputes(type);
        int heads = 3;
        int h = heads * 20;
        int[] lengths = mixedLengths();
        Matrix qkv = bench().normal(Arrays.stream(lengths).sum(), 3 * h).storedAs(type);
        for (boolean causal : new boolean[] {false, true}) {
            float[] batch = bench().download(bench().ops()
                    .attention()
                    .attention(bench().upload(qkv, type), bench().sequences(lengths), heads, causal));
            int[] bounds = Workbench.bounds(lengths);
            for (int b = 0; b < lengths.length; b++) {
                Matrix own = qkv.rows(bounds[b], bounds[b + 1]);
                float[] alone = bench().download(bench().ops()
                        .attention()
                        .attention(bench().upload(own, type), bench().sequences(lengths[b]), heads, causal));
                Closeness.of(type)
                        .checkSame(
                                "sequence " + b + " alone",
                                alone,
                                Arrays.copyOfRange(batch, bounds[b] * h, bounds[b + 1] * h));
            }
        }
    }

    /** A row of causal attention is what it would be if the sequence ended there. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void causalAttentionDoesNotSeeTheFuture(DType type) {
        bench().assumeComputes(type);
        Matrix qkv = bench().normal(37, 3 * 24);
        float[] whole = bench().download(
                        bench().ops().attention().attention(bench().upload(qkv, type), bench().sequences(37), 2, true));
        for (int length : new int[] {1, 2, 3, 4, 5, 16, 17, 36}) {
            float[] start = bench().download(bench().ops()
                    .attention()
                    .attention(bench().upload(qkv.rows(0, length), type), bench().sequences(length), 2, true));
            assertThat(start).hasSize(length * 24);
            Closeness.of(type).checkSame("first " + length, start, Arrays.copyOf(whole, length * 24));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void selfAttentionProjectsAndAttends(Precision precision) {
        bench().assumeComputes(precision);
        int[] lengths = {1, 5, 70, 16, 3};
        int rows = Arrays.stream(lengths).sum();
        DType type = precision.activations();
        for (int[] shape : new int[][] {{24, 1, 7}, {64, 2, 32}, {30, 3, 5}, {128, 1, 128}}) {
            int heads = shape[1];
            int h = heads * shape[2];
            LinearCase c = LinearCase.random(bench(), rows, shape[0], 3 * h, true, precision);
            float[] projected = toFloats(Oracle.linear(c.x(), c.weight(), c.bias()));
            for (boolean causal : new boolean[] {false, true}) {
                Tensor y = bench().ops()
                        .attention()
                        .selfAttention(
                                bench().upload(c.x(), type), c.linear(), bench().sequences(lengths), heads, causal);
                Closeness.fused(type)
                        .check(
                                "selfAttention " + precision + " " + Arrays.toString(shape),
                                bench().download(y),
                                Oracle.attention(new Matrix(rows, 3 * h, projected), lengths, heads, causal));
            }
        }
    }

    private static float[] toFloats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
