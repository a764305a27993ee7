package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.LANES;

import dev.limbic.ops.Activation;
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

    private Quantise() {}

    /**
     * q = round(x / scale) + zero, so that x ≈ scale·(q − zero).
     *
     * @param x f32 [n]
     * @param q u8 [n], written
     * @param scaleAndZero two f32, written
     */
    static void row(long x, int n, long q, long scaleAndZero) {
        FloatVector low = FloatVector.zero(F);
        FloatVector high = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector v = FloatVector.fromMemorySegment(F, Ram.ALL, x + 4L * i, Ram.ORDER);
            low = low.min(v);
            high = high.max(v);
        }
        float least = low.reduceLanes(VectorOperators.MIN);
        float greatest = high.reduceLanes(VectorOperators.MAX);
        for (int j = i; j < n; j++) {
            float v = Ram.getFloat(x + 4L * j);
            least = Math.min(least, v);
            greatest = Math.max(greatest, v);
        }
        float scale = (greatest - least) / 255;
        if (scale <= 1e-30f) {
            scale = 1; // a row of zeros
        }
        // One NaN makes the scale NaN, and with it, in the epilogue, the whole row; an infinity does the same.
        float inverse = 1 / scale;
        float zero = Math.round(-least * inverse);
        Ram.setFloat(scaleAndZero, scale);
        Ram.setFloat(scaleAndZero + 4, zero);
        i = 0;
        if (BYTES.length() == LANES) {
            for (; i <= n - LANES; i += LANES) {
                FloatVector v = FloatVector.fromMemorySegment(F, Ram.ALL, x + 4L * i, Ram.ORDER);
                IntVector rounded = (IntVector) v.mul(inverse)
                        .add(zero + 0.5f)
                        .max(0f)
                        .min(255f)
                        .convertShape(VectorOperators.F2I, VectorMath.I, 0);
                ((ByteVector) rounded.convertShape(VectorOperators.I2B, BYTES, 0))
                        .intoMemorySegment(Ram.ALL, q + i, Ram.ORDER);
            }
        }
        for (; i < n; i++) {
            float v = Ram.getFloat(x + 4L * i) * inverse + (zero + 0.5f);
            Ram.setByte(q + i, (byte) (int) Math.clamp(v, 0f, 255f));
        }
    }

    /**
     * y ← activation(scale·(y − zero·columnSum) + bias), in place on one row.
     *
     * @param y f32 [n], the product with weight scales applied
     * @param columnSums f32 [n]
     * @param bias f32 [n], or 0 for none
     */
    static void epilogue(long y, int n, float scale, float zero, long columnSums, long bias, Activation activation) {
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
            VectorMath.activate(activation, v).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            float v = Ram.getFloat(y + 4L * i) * scale + zeroScale * Ram.getFloat(columnSums + 4L * i);
            if (bias != 0) {
                v += Ram.getFloat(bias + 4L * i);
            }
            Ram.setFloat(y + 4L * i, VectorMath.activate(activation, v));
        }
    }
}
