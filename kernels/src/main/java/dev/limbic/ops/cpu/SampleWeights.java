package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.I;
import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.ROUNDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Weights of tokens as whole multiples of 2⁻³⁸, see {@link dev.limbic.ops.SampleOps#sample}: e^x for x ≤ 0, by Cody and Waite's
 * reduction and Cephes' polynomial. The same operations, each rounded as IEEE 754 says, stand in {@code sample_row.cuh}: a
 * weight has the same bits on every provider, and sums of whole numbers do not depend on their order.
 */
@SuppressWarnings("FloatingPointLiteralPrecision") // coefficients stand as published
final class SampleWeights {
    /** The weight of the most probable token is 2 to this power; so those of 2²⁴ tokens add up without overflow. */
    static final int ONE_BITS = 38;

    private static final VectorSpecies<Long> L =
            VectorSpecies.of(long.class, VectorShape.forBitSize(F.vectorBitSize()));

    private static final float LOG2E = 1.44269504f;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);

    /** Weights are 0 from here down. */
    private static final float LEAST = -27;

    /** e^r, between 1/2 and 2, is a whole multiple of 2⁻²⁹. */
    private static final float FRACTION = 0x1p29f;

    private static final int TO_ONE = ONE_BITS - 29;

    private SampleWeights() {}

    /** x of a token: at most 0. */
    static float exponent(float score, float largest, float inverse) {
        return (score - largest) * inverse;
    }

    /** {@link #exponent} of a vector of tokens. */
    static FloatVector exponents(long scores, float largest, float inverse) {
        return FloatVector.fromMemorySegment(F, Ram.ALL, scores, Ram.ORDER)
                .sub(largest)
                .mul(inverse);
    }

    /** The weight of one token. */
    static long of(float score, float largest, float inverse) {
        float x = Math.max(exponent(score, largest, inverse), LEAST);
        float shifted = Math.fma(x, LOG2E, ROUNDER);
        float n = shifted - ROUNDER;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
        float p = Math.fma(1.9875691500e-4f, r, 1.3981999507e-3f);
        p = Math.fma(p, r, 8.3334519073e-3f);
        p = Math.fma(p, r, 4.1665795894e-2f);
        p = Math.fma(p, r, 1.6666665459e-1f);
        p = Math.fma(p, r, 5.0000001201e-1f);
        p = Math.fma(p, r * r, r + 1);
        int halvings = ROUNDER_BITS - Float.floatToRawIntBits(shifted);
        return ((long) (int) (p * FRACTION) << TO_ONE) >>> halvings;
    }

    /** x·log₂e, rounded to a whole number in the low bits. */
    private static FloatVector shifted(FloatVector x) {
        return x.fma(FloatVector.broadcast(F, LOG2E), FloatVector.broadcast(F, ROUNDER));
    }

    /** e^r in multiples of 2⁻²⁹. */
    private static IntVector fractions(FloatVector x, FloatVector shifted) {
        FloatVector n = shifted.sub(ROUNDER);
        FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_LOW), n.fma(FloatVector.broadcast(F, -LN2_HIGH), x));
        FloatVector p = FloatVector.broadcast(F, 1.9875691500e-4f)
                .fma(r, FloatVector.broadcast(F, 1.3981999507e-3f))
                .fma(r, FloatVector.broadcast(F, 8.3334519073e-3f))
                .fma(r, FloatVector.broadcast(F, 4.1665795894e-2f))
                .fma(r, FloatVector.broadcast(F, 1.6666665459e-1f))
                .fma(r, FloatVector.broadcast(F, 5.0000001201e-1f))
                .fma(r.mul(r), r.add(1f));
        return (IntVector) p.mul(FRACTION).convertShape(VectorOperators.F2I, I, 0);
    }

    private static FloatVector bounded(FloatVector x) {
        return x.blend(LEAST, x.compare(VectorOperators.LT, LEAST));
    }

    private static IntVector halvings(FloatVector shifted) {
        return shifted.reinterpretAsInts().neg().add(ROUNDER_BITS);
    }

    /** Weights of the first (0) or second (1) half of a vector of tokens. */
    private static LongVector half(IntVector fractions, IntVector halvings, int part) {
        LongVector wide = (LongVector) fractions.convertShape(VectorOperators.I2L, L, part);
        LongVector shift = (LongVector) halvings.convertShape(VectorOperators.I2L, L, part);
        return wide.lanewise(VectorOperators.LSHL, TO_ONE).lanewise(VectorOperators.LSHR, shift);
    }

    /** Sum of the weights of {@code n} tokens. */
    static long sum(long scores, int n, float largest, float inverse) {
        LongVector sums = LongVector.zero(L);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector x = bounded(exponents(scores + 4L * i, largest, inverse));
            FloatVector shifted = shifted(x);
            IntVector fractions = fractions(x, shifted);
            IntVector halvings = halvings(shifted);
            sums = sums.add(half(fractions, halvings, 0)).add(half(fractions, halvings, 1));
        }
        long sum = sums.reduceLanes(VectorOperators.ADD);
        for (; i < n; i++) {
            sum += of(Ram.getFloat(scores + 4L * i), largest, inverse);
        }
        return sum;
    }

    /** Writes the weights of {@code n} tokens, 0 for one below {@code least}, and returns their sum. */
    static long fill(long scores, int n, float largest, float inverse, long least, long weights) {
        LongVector sums = LongVector.zero(L);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector x = bounded(exponents(scores + 4L * i, largest, inverse));
            FloatVector shifted = shifted(x);
            IntVector fractions = fractions(x, shifted);
            IntVector halvings = halvings(shifted);
            LongVector low = half(fractions, halvings, 0);
            LongVector high = half(fractions, halvings, 1);
            if (least > 0) {
                low = low.blend(0, low.compare(VectorOperators.LT, least));
                high = high.blend(0, high.compare(VectorOperators.LT, least));
            }
            low.intoMemorySegment(Ram.ALL, weights + 8L * i, Ram.ORDER);
            high.intoMemorySegment(Ram.ALL, weights + 8L * i + 4L * LANES, Ram.ORDER);
            sums = sums.add(low).add(high);
        }
        long sum = sums.reduceLanes(VectorOperators.ADD);
        for (; i < n; i++) {
            long weight = of(Ram.getFloat(scores + 4L * i), largest, inverse);
            long kept = weight < least ? 0 : weight;
            Ram.setLong(weights + 8L * i, kept);
            sum += kept;
        }
        return sum;
    }

    /** The first token at which the running total of the weights exceeds {@code target}, which their sum does. */
    static int firstBeyond(long weights, int n, long target) {
        long total = 0;
        int i = 0;
        int lanes = L.length();
        int block = 64 * lanes;
        for (; i <= n - block; i += block) {
            LongVector sums = LongVector.zero(L);
            for (int j = i; j < i + block; j += lanes) {
                sums = sums.add(LongVector.fromMemorySegment(L, Ram.ALL, weights + 8L * j, Ram.ORDER));
            }
            long sum = sums.reduceLanes(VectorOperators.ADD);
            if (total + sum > target) {
                break;
            }
            total += sum;
        }
        for (; i < n; i++) {
            total += Ram.getLong(weights + 8L * i);
            if (total > target) {
                return i;
            }
        }
        throw new IllegalStateException("sample: weights of " + total + " never exceed " + target);
    }
}
