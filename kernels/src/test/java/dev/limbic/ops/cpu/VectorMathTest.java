package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.limbic.ops.Activation;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Elementary functions against {@link Math} in double, over a dense sweep and at the ends of the range. */
final class VectorMathTest {
    private static float one(UnaryOperator<FloatVector> function, float x) {
        return function.apply(FloatVector.broadcast(VectorMath.F, x)).lane(VectorMath.LANES - 1);
    }

    /** Error at most {@code atol + eps·|exact|} at every step from {@code from} to {@code to}. */
    private static void sweep(
            String name,
            UnaryOperator<FloatVector> function,
            DoubleUnaryOperator exact,
            double from,
            double to,
            double atol,
            double eps) {
        int n = 200_000 / VectorMath.LANES * VectorMath.LANES;
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) (from + (to - from) * i / (n - 1));
        }
        float[] y = new float[n];
        for (int i = 0; i < n; i += VectorMath.LANES) {
            function.apply(FloatVector.fromArray(VectorMath.F, x, i)).intoArray(y, i);
        }
        int worst = 0;
        double worstRatio = 0;
        for (int i = 0; i < n; i++) {
            double expected = exact.applyAsDouble(x[i]);
            double ratio = Math.abs(y[i] - expected) / (atol + eps * Math.abs(expected));
            ratio = Double.isNaN(ratio)
                    ? Double.POSITIVE_INFINITY
                    : ratio; // nothing is worse, and no later one hides it
            if (ratio > worstRatio) {
                worst = i;
                worstRatio = ratio;
            }
        }
        if (worstRatio > 1) {
            fail("%s(%s) is %s, exactly %s: %.3g times the tolerance"
                    .formatted(name, x[worst], y[worst], exact.applyAsDouble(x[worst]), worstRatio));
        }
    }

    /** Whether interpreted or compiled, and whatever the compiler thinks best: else a text changes as the server warms. */
    @Test
    void sumsAreAddedInOneOrder() {
        java.util.Random random = new java.util.Random(4);
        for (int round = 0; round < 50_000; round++) {
            float[] x = new float[VectorMath.LANES];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) random.nextGaussian();
            }
            float sum = VectorMath.sum(FloatVector.fromArray(VectorMath.F, x, 0));
            for (int half = x.length / 2; half > 0; half /= 2) {
                for (int i = 0; i < half; i++) {
                    x[i] += x[i + half];
                }
            }
            assertThat(sum).as("round %d", round).isEqualTo(x[0]);
        }
    }

    @Test
    void expIsAccurateToAFewUlps() {
        sweep("exp", VectorMath::exp, Math::exp, -87.3, 88.3, 0, 3e-7);
        sweep("exp", VectorMath::exp, Math::exp, -1, 1, 0, 2e-7);
        sweep("exp", VectorMath::exp, Math::exp, -1e-6, 1e-6, 0, 1.2e-7);
    }

    /** It saturates: never 0, never infinite. Sums over a row with at least one e^0 do not notice. */
    @Test
    void exp2IsAccurateToAFewUlps() {
        sweep("exp2", VectorMath::exp2, x -> Math.pow(2, x), -126, 126.9, 0, 3e-7);
        sweep("exp2", VectorMath::exp2, x -> Math.pow(2, x), -1, 1, 0, 2e-7);
        for (int power = -126; power <= 127; power++) {
            assertThat(one(VectorMath::exp2, power)).isEqualTo((float) Math.pow(2, power));
        }
        assertThat(one(VectorMath::exp2, Float.NEGATIVE_INFINITY)).isEqualTo(0x1p-126f);
        assertThat(one(VectorMath::exp2, Float.NaN)).isNaN();
        assertThat(VectorMath.exp2(0f)).isEqualTo(1);
        assertThat(VectorMath.exp2(-3f)).isEqualTo(0.125f);
        assertThat(VectorMath.exp2(Float.NEGATIVE_INFINITY)).isZero();
    }

    @Test
    void expSaturates() {
        for (float x : new float[] {88.4f, 1000, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            assertThat(one(VectorMath::exp, x)).isCloseTo((float) Math.exp(88.3f), within(1e33f));
        }
        for (float x : new float[] {-88, -1000, -Float.MAX_VALUE, Float.NEGATIVE_INFINITY}) {
            assertThat(one(VectorMath::exp, x)).isBetween(1.1e-38f, 1.3e-38f);
        }
        for (float x : new float[] {0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE}) {
            assertThat(one(VectorMath::exp, x)).isEqualTo(1);
        }
    }

    private static Offset<Float> within(float offset) {
        return Offset.offset(offset);
    }

    @Test
    void erfTanhAndSigmoidAreAccurate() {
        sweep("erf", VectorMath::erf, Reference::erf, -7, 7, 6e-7, 0);
        sweep("erf", VectorMath::erf, Reference::erf, -1e-3, 1e-3, 6e-7, 0);
        sweep("tanh", VectorMath::tanh, Math::tanh, -20, 20, 2e-7, 1e-7);
        sweep("tanh", VectorMath::tanh, Math::tanh, -1e-3, 1e-3, 2e-7, 0);
        sweep("sigmoid", VectorMath::sigmoid, Reference::sigmoid, -80, 80, 1e-37, 4e-7);
    }

    @Test
    void boundedFunctionsEndAtTheirBounds() {
        for (float x : new float[] {30, 1000, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            assertThat(one(VectorMath::erf, x)).isEqualTo(1);
            assertThat(one(VectorMath::erf, -x)).isEqualTo(-1);
            assertThat(one(VectorMath::tanh, x)).isEqualTo(1);
            assertThat(one(VectorMath::tanh, -x)).isEqualTo(-1);
            assertThat(one(VectorMath::sigmoid, x)).isEqualTo(1);
            assertThat(one(VectorMath::sigmoid, -x)).isBetween(0f, 1e-12f);
        }
    }

    private static UnaryOperator<FloatVector> vector(Activation activation) {
        return switch (activation) {
            case NONE -> x -> x;
            case RELU -> x -> x.max(0f);
            case LEAKY_RELU -> x -> x.max(x.mul(0.1f));
            case GELU -> VectorMath::gelu;
            case GELU_TANH -> VectorMath::geluTanh;
            case SILU -> VectorMath::silu;
            case TANH -> VectorMath::tanh;
            case SIGMOID -> VectorMath::sigmoid;
        };
    }

    private static DoubleUnaryOperator exact(Activation activation) {
        return switch (activation) {
            case NONE -> x -> x;
            case RELU -> x -> Math.max(x, 0);
            case LEAKY_RELU -> x -> Math.max(x, 0.1 * x);
            case GELU -> x -> 0.5 * x * (1 + Reference.erf(x / Math.sqrt(2)));
            case GELU_TANH -> x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case SILU -> x -> x * Reference.sigmoid(x);
            case TANH -> Math::tanh;
            case SIGMOID -> Reference::sigmoid;
        };
    }

    @Test
    void activationsAreAccurate() {
        for (Activation activation : Activation.values()) {
            sweep(activation.name(), vector(activation), exact(activation), -30, 30, 3e-6, 1e-6);
            sweep(activation.name(), vector(activation), exact(activation), -3, 3, 1e-6, 1e-6);
        }
    }

    /** The scalar forms, for the ends of rows, are the same functions. */
    @Test
    void scalarActivationsAgreeWithVectors() {
        for (Activation activation : Activation.values()) {
            for (float x = -20; x <= 20; x += 0.01f) {
                float vector = one(vector(activation), x);
                assertThat(VectorMath.activate(activation, x))
                        .as("%s(%s)", activation, x)
                        .isCloseTo(vector, within(1e-6f + 1e-6f * Math.abs(vector)));
            }
        }
    }

    @Test
    void activationsOfLargeNumbersAreFinite() {
        for (Activation activation : Activation.values()) {
            if (activation == Activation.NONE || activation == Activation.LEAKY_RELU) { // which are lines
                continue;
            }
            for (float x : new float[] {1e4f, 1e12f, 1e25f, 3e38f}) {
                float up = one(vector(activation), x);
                float down = one(vector(activation), -x);
                boolean bounded = activation == Activation.TANH || activation == Activation.SIGMOID;
                assertThat(up).as("%s(%s)", activation, x).isEqualTo(bounded ? 1 : x);
                // SILU and tanh-GELU fall to −x·e^−88.3, which is nothing beside the scale of x.
                // sigmoid ends at e^−88.3 itself.
                assertThat(down)
                        .as("%s(%s)", activation, -x)
                        .isBetween(activation == Activation.TANH ? -1 : -1e-38f * x, 1e-38f);
            }
        }
    }

    @Test
    void nanStaysNanWhateverItsBits() {
        for (int bits :
                new int[] {0x7FC00000, 0xFFC00000, 0x7FC00001, 0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001, 0x7FC001FF}) {
            float nan = Float.intBitsToFloat(bits);
            assertThat(one(VectorMath::exp, nan)).as("exp(%08x)", bits).isNaN();
            assertThat(one(VectorMath::erf, nan)).as("erf(%08x)", bits).isNaN();
            for (Activation activation : Activation.values()) {
                assertThat(one(vector(activation), nan))
                        .as("%s(%08x)", activation, bits)
                        .isNaN();
                assertThat(VectorMath.activate(activation, nan))
                        .as("%s(%08x)", activation, bits)
                        .isNaN();
            }
        }
    }
}
