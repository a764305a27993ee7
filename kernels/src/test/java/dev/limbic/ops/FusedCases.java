package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link Ops#selfAttention} and {@link Ops#linearAddLayerNorm}: two operations in one call, with a bias between them. */
interface FusedCases {
    Workbench bench();

    /** What is between the two operations may be rounded to the activations' type once, or a bias added after that. */
    private static Closeness between(DType type) {
        return switch (type) {
            case F32 -> new Closeness(5e-5, 5e-5);
            case BF16 -> new Closeness(6e-2, 2e-2);
            default -> new Closeness(8e-3, 3e-3);
        };
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
                        .selfAttention(
                                bench().upload(c.x(), type), c.linear(), bench().sequences(lengths), heads, causal);
                between(type)
                        .check(
                                "selfAttention " + precision + " " + Arrays.toString(shape),
                                bench().download(y),
                                Oracle.attention(new Matrix(rows, 3 * h, projected), lengths, heads, causal));
            }
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
            bench().ops().linearAddLayerNorm(bench().upload(c.x(), type), c.linear(), sum, norm);
            between(type)
                    .check(
                            "linearAddLayerNorm " + precision + " " + Arrays.toString(shape),
                            bench().download(sum),
                            expected);
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
