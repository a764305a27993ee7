package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.LANES;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Dynamic quantisation of activations to u8 with one scale and zero point per row, and its way back. */
final class Quantise {
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, F.vectorBitSize() / 4)));

    private static final int ROUNDER_BITS = Float.floatToRawIntBits(VectorMath.ROUNDER);

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
}
