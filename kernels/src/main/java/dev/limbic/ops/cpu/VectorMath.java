package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Elementary functions on vectors of f32, accurate to a few units in the last place, the same on every system. */
@SuppressWarnings("FloatingPointLiteralPrecision") // coefficients stand as published
final class VectorMath {
    static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    static final int LANES = F.length();

    /** Slope of the negative side of a leaky rectifier. */
    static final float LEAK = 0.1f;

    static final float LOG2E = 1.44269504f;
    private static final double LN2 = 0.6931471805599453;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;

    /** Adding and subtracting 1.5·2²³ rounds a float of small magnitude to the nearest integer. */
    static final float ROUNDER = 12582912f;

    /** −2·√(2/π), to the base of two. */
    private static final float GELU_POWER = -1.5957691216f * LOG2E;

    private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(F, 8, 1, true);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(F, 4, 1, true);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(F, 2, 1, true);
    private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(F, 1, 1, true);

    private VectorMath() {}

    /** f32 that lie behind one another. */
    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(F, Ram.ALL, address, Ram.ORDER);
    }

    /** The greater of each two; NaN if one is. */
    static FloatVector greater(FloatVector a, FloatVector b) {
        return a.blend(b, b.compare(VectorOperators.GT, a).or(b.compare(VectorOperators.NE, b)));
    }

    /**
     * Sum of all lanes, halves first. {@code reduceLanes} adds in another order in compiled code than in interpreted code,
     * and the first replies after a start would differ from later ones.
     */
    static float sum(FloatVector v) {
        FloatVector a = LANES > 8 ? v.add(v.rearrange(BY_8)) : v;
        a = LANES > 4 ? a.add(a.rearrange(BY_4)) : a;
        a = a.add(a.rearrange(BY_2));
        return a.add(a.rearrange(BY_1)).lane(0);
    }

    /**
     * e^x, by Cody and Waite's reduction and Cephes' polynomial. Below −87.3 it is e^−87.3 (about 1e−38), above 88.3
     * it is e^88.3. NaN stays NaN.
     */
    static FloatVector exp(FloatVector x) {
        // Comparing and blending is two instructions, where min and max have to heed signed zero. NaN stays NaN.
        FloatVector c = x.blend(88.3f, x.compare(VectorOperators.GT, 88.3f));
        c = c.blend(-87.3f, c.compare(VectorOperators.LT, -87.3f));
        FloatVector shifted = c.mul(LOG2E).add(ROUNDER);
        FloatVector n = shifted.sub(ROUNDER);
        FloatVector r = c.sub(n.mul(LN2_HIGH)).sub(n.mul(LN2_LOW));
        FloatVector p = FloatVector.broadcast(F, 1.9875691500e-4f)
                .fma(r, FloatVector.broadcast(F, 1.3981999507e-3f))
                .fma(r, FloatVector.broadcast(F, 8.3334519073e-3f))
                .fma(r, FloatVector.broadcast(F, 4.1665795894e-2f))
                .fma(r, FloatVector.broadcast(F, 1.6666665459e-1f))
                .fma(r, FloatVector.broadcast(F, 5.0000001201e-1f))
                .fma(r.mul(r), r.add(1f));
        return p.mul(scale2(shifted));
    }

    /** 2^x, by Cephes' polynomial, of numbers up to 127. Below −126 it is 2^−126. NaN stays NaN. */
    static FloatVector exp2(FloatVector x) {
        FloatVector c = x.blend(-126f, x.compare(VectorOperators.LT, -126f));
        FloatVector shifted = c.add(ROUNDER);
        FloatVector f = c.sub(shifted.sub(ROUNDER));
        FloatVector p = FloatVector.broadcast(F, 1.535336188319500e-4f)
                .fma(f, FloatVector.broadcast(F, 1.339887440266574e-3f))
                .fma(f, FloatVector.broadcast(F, 9.618437357674640e-3f))
                .fma(f, FloatVector.broadcast(F, 5.550332471162809e-2f))
                .fma(f, FloatVector.broadcast(F, 2.402264791363012e-1f))
                .fma(f, FloatVector.broadcast(F, 6.931472028550421e-1f))
                .fma(f, FloatVector.broadcast(F, 1f));
        return p.mul(scale2(shifted));
    }

    /**
     * 2^n for an n that was rounded by adding {@link #ROUNDER}: the low bits of that sum are n itself; in the place of the
     * exponent, and biased, they are 2^n. Multiplying, unlike adding n to the exponent, keeps a NaN of any bit pattern.
     */
    private static FloatVector scale2(FloatVector shifted) {
        return shifted.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, 23)
                .add(Float.floatToRawIntBits(1f))
                .reinterpretAsFloats();
    }

    /** 1 / (1 + e^−x). */
    static FloatVector sigmoid(FloatVector x) {
        return FloatVector.broadcast(F, 1f).div(exp(x.neg()).add(1f));
    }

    /** tanh x = 1 − 2 / (e^2x + 1). */
    static FloatVector tanh(FloatVector x) {
        return FloatVector.broadcast(F, 1f)
                .sub(FloatVector.broadcast(F, 2f).div(exp(x.add(x)).add(1f)));
    }

    /** erf by Abramowitz and Stegun 7.1.26, whose error is below 1.5e−7; with f32's rounding, below 6e−7. */
    static FloatVector erf(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector t = FloatVector.broadcast(F, 1f).div(a.mul(0.3275911f).add(1f));
        FloatVector p = FloatVector.broadcast(F, 1.061405429f)
                .fma(t, FloatVector.broadcast(F, -1.453152027f))
                .fma(t, FloatVector.broadcast(F, 1.421413741f))
                .fma(t, FloatVector.broadcast(F, -0.284496736f))
                .fma(t, FloatVector.broadcast(F, 0.254829592f))
                .mul(t);
        FloatVector y = FloatVector.broadcast(F, 1f).sub(p.mul(exp(a.mul(a).neg())));
        IntVector sign = x.reinterpretAsInts().and(0x80000000);
        return y.reinterpretAsInts().or(sign).reinterpretAsFloats();
    }

    /** x·Φ(x). */
    static FloatVector gelu(FloatVector x) {
        return x.mul(0.5f).mul(erf(x.mul(0.70710678f)).add(1f));
    }

    /** 0.5x(1 + tanh(u)) = x·σ(2u) = x / (1 + 2^t). */
    static FloatVector geluTanh(FloatVector x) {
        FloatVector t = x.mul(x)
                .fma(FloatVector.broadcast(F, 0.044715f * GELU_POWER), FloatVector.broadcast(F, GELU_POWER))
                .mul(x);
        return logistic(x, t);
    }

    /** x / (1 + 2^t). */
    private static FloatVector logistic(FloatVector x, FloatVector t) {
        return x.div(exp2(t.blend(127f, t.compare(VectorOperators.GT, 127f))).add(1f));
    }

    /** x·σ(x) = x / (1 + 2^t); of numbers below −5, which it makes small, to six digits. */
    static FloatVector silu(FloatVector x) {
        FloatVector t = x.mul(-LOG2E);
        return logistic(x, t);
    }

    /** 2^x; 0 of what is too small for f32. */
    static float exp2(float x) {
        return x == 0 ? 1 : (float) Math.exp(x * LN2);
    }

    static float sigmoid(float x) {
        return (float) (1 / (1 + Math.exp(-x)));
    }

    static float activate(Activation activation, float x) {
        return switch (activation) {
            case NONE -> x;
            case RELU -> Math.max(x, 0f);
            case LEAKY_RELU -> x > 0 ? x : x * LEAK;
            case GELU -> gelu(FloatVector.broadcast(F, x)).lane(0);
            case GELU_TANH -> x * sigmoid(1.5957691216f * x * (1 + 0.044715f * x * x));
            case SILU -> silu(FloatVector.broadcast(F, x)).lane(0);
            case TANH -> (float) Math.tanh(x);
            case SIGMOID -> sigmoid(x);
        };
    }
}
