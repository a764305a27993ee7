package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.LANES;

import dev.limbic.tensor.DType;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dynamic quantisation of activations: to u8 with one scale and zero point per row, and its way back; to i8 with a scale
 * that several rows share.
 */
final class Quantise {
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, F.vectorBitSize() / 4)));

    private static final int ROUNDER_BITS = Float.floatToRawIntBits(VectorMath.ROUNDER);

    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_PREFERRED;

    /** All bits of an f32 but its sign. */
    private static final int MAGNITUDE = Integer.MAX_VALUE;

    private Quantise() {}

    /**
     * q = round(x / scale) + zero, so that x ≈ scale·(q − zero).
     *
     * @param x f32 [n]
     * @param q u8 [n], written
     * @param scaleAndZero two f32, written
     */
    static void row(long x, int n, long q, long scaleAndZero) {
        FloatVector zeros = FloatVector.zero(F);
        FloatVector low = zeros;
        FloatVector low2 = zeros;
        FloatVector high = zeros;
        FloatVector high2 = zeros;
        FloatVector strange = zeros; // stays zero, unless there is an infinity or NaN
        int i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            FloatVector v = FloatVector.fromMemorySegment(F, Ram.ALL, x + 4L * i, Ram.ORDER);
            FloatVector w = FloatVector.fromMemorySegment(F, Ram.ALL, x + 4L * (i + LANES), Ram.ORDER);
            low = low.blend(v, v.compare(VectorOperators.LT, low));
            low2 = low2.blend(w, w.compare(VectorOperators.LT, low2));
            high = high.blend(v, v.compare(VectorOperators.GT, high));
            high2 = high2.blend(w, w.compare(VectorOperators.GT, high2));
            strange = w.fma(zeros, v.fma(zeros, strange));
        }
        float least = low.min(low2).reduceLanes(VectorOperators.MIN);
        float greatest = high.max(high2).reduceLanes(VectorOperators.MAX);
        float odd = strange.reduceLanes(VectorOperators.ADD);
        for (int j = i; j < n; j++) {
            float v = Ram.getFloat(x + 4L * j);
            least = Math.min(least, v);
            greatest = Math.max(greatest, v);
            odd += v * 0;
        }
        float scale = (greatest - least) / 255;
        if (odd != 0 || !Float.isFinite(scale)) {
            scale = Float.NaN; // 8 bits cannot say infinity or NaN: the whole row becomes NaN
        } else if (scale < 1e-30f) {
            scale = 1; // a row of zeros
        }
        float inverse = 1 / scale;
        float zero = Math.round(-least * inverse);
        Ram.setFloat(scaleAndZero, scale);
        Ram.setFloat(scaleAndZero + 4, zero);
        FloatVector scaleUp = FloatVector.broadcast(F, inverse);
        FloatVector shift = FloatVector.broadcast(F, zero + VectorMath.ROUNDER);
        i = 0;
        if (BYTES.length() == LANES) {
            for (; i <= n - LANES; i += LANES) {
                FloatVector v = FloatVector.fromMemorySegment(F, Ram.ALL, x + 4L * i, Ram.ORDER);
                // Clamped as integers: that is one instruction each, where f32 has to heed NaN and signed zero.
                IntVector rounded = v.fma(scaleUp, shift)
                        .reinterpretAsInts()
                        .sub(ROUNDER_BITS)
                        .max(0)
                        .min(255);
                ((ByteVector) rounded.convertShape(VectorOperators.I2B, BYTES, 0))
                        .intoMemorySegment(Ram.ALL, q + i, Ram.ORDER);
            }
        }
        for (; i < n; i++) {
            float v = Math.fma(Ram.getFloat(x + 4L * i), inverse, zero + VectorMath.ROUNDER);
            Ram.setByte(q + i, (byte) Math.clamp(Float.floatToRawIntBits(v) - ROUNDER_BITS, 0, 255));
        }
    }

    /**
     * y ← scale·(y − zero·columnSum) + bias, in place on one row.
     *
     * @param y f32 [n], the product with weight scales applied
     * @param columnSums f32 [n]
     * @param bias f32 [n], or 0 for none
     */
    static void epilogue(long y, int n, float scale, float zero, long columnSums, long bias) {
        float zeroScale = -scale * zero;
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector v = FloatVector.fromMemorySegment(F, Ram.ALL, y + 4L * i, Ram.ORDER)
                    .mul(scale);
            v = FloatVector.fromMemorySegment(F, Ram.ALL, columnSums + 4L * i, Ram.ORDER)
                    .fma(FloatVector.broadcast(F, zeroScale), v);
            if (bias != 0) {
                v = v.add(FloatVector.fromMemorySegment(F, Ram.ALL, bias + 4L * i, Ram.ORDER));
            }
            v.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            float v = Ram.getFloat(y + 4L * i) * scale + zeroScale * Ram.getFloat(columnSums + 4L * i);
            if (bias != 0) {
                v += Ram.getFloat(bias + 4L * i);
            }
            Ram.setFloat(y + 4L * i, v);
        }
    }

    /**
     * The largest magnitude of some numbers, as the bits of an f32; of an infinity or NaN its own, which are larger than those
     * of all others.
     *
     * @param type f32 or bf16
     */
    static int largest(DType type, long x, int n) {
        int i = 0;
        int largest = 0;
        if (type == DType.F32) {
            IntVector most = IntVector.zero(VectorMath.I);
            for (; i <= n - LANES; i += LANES) {
                most = most.max(IntVector.fromMemorySegment(VectorMath.I, Ram.ALL, x + 4L * i, Ram.ORDER)
                        .and(MAGNITUDE));
            }
            largest = most.reduceLanes(VectorOperators.MAX);
        } else {
            ShortVector most = ShortVector.zero(SHORTS);
            for (; i <= n - SHORTS.length(); i += SHORTS.length()) {
                most = most.max(ShortVector.fromMemorySegment(SHORTS, Ram.ALL, x + 2L * i, Ram.ORDER)
                        .and(Short.MAX_VALUE));
            }
            largest = most.reduceLanes(VectorOperators.MAX) << 16;
        }
        for (; i < n; i++) {
            largest =
                    Math.max(largest, Float.floatToRawIntBits(Rows.get(type, x + (long) type.bytes() * i)) & MAGNITUDE);
        }
        return largest;
    }

    /** The scale of numbers whose largest magnitude has these bits; NaN if 8 bits cannot say one of them. */
    static float scale(int largest) {
        float magnitude = Float.intBitsToFloat(largest);
        if (!Float.isFinite(magnitude)) {
            return Float.NaN;
        }
        return magnitude < 1e-30f ? 1 : magnitude / 127;
    }

    /**
     * q = round(x / scale), so that x ≈ scale·q.
     *
     * @param type f32 or bf16
     * @param scale at least the largest magnitude over 127, or NaN: then q is anything
     * @param q i8 [n], written
     */
    static void symmetric(DType type, long x, int n, float scale, long q) {
        float inverse = 1 / scale;
        FloatVector scaleUp = FloatVector.broadcast(F, inverse);
        FloatVector shift = FloatVector.broadcast(F, VectorMath.ROUNDER);
        int i = 0;
        if (BYTES.length() == LANES) {
            for (; i <= n - LANES; i += LANES) {
                IntVector rounded = Rows.load(type, x + (long) type.bytes() * i)
                        .fma(scaleUp, shift)
                        .reinterpretAsInts()
                        .sub(ROUNDER_BITS);
                ((ByteVector) rounded.convertShape(VectorOperators.I2B, BYTES, 0))
                        .intoMemorySegment(Ram.ALL, q + i, Ram.ORDER);
            }
        }
        for (; i < n; i++) {
            float v = Math.fma(Rows.get(type, x + (long) type.bytes() * i), inverse, VectorMath.ROUNDER);
            Ram.setByte(q + i, (byte) (Float.floatToRawIntBits(v) - ROUNDER_BITS));
        }
    }
}
