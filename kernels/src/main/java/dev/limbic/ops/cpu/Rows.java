package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.I;
import static dev.limbic.ops.cpu.VectorMath.LANES;

import dev.limbic.tensor.DType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The one place where element types differ: kernels compute on rows of f32, and rows of bf16 are widened to and
 * narrowed from f32 here.
 */
final class Rows {
    /** As many elements as a vector of f32 has. */
    static final VectorSpecies<Short> HALF =
            VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

    /** The bit that every quiet NaN has, and that bf16 keeps. */
    private static final int QUIET = 0x00400000;

    private Rows() {}

    /** Address of the row as f32: itself, or {@code scratch} after widening. */
    static long read(DType type, long row, int n, long scratch) {
        if (type == DType.F32) {
            return row;
        }
        widen(row, scratch, n);
        return scratch;
    }

    /** Where a kernel should write its f32 row: in place, or to {@code scratch}. */
    static long target(DType type, long row, long scratch) {
        return type == DType.F32 ? row : scratch;
    }

    /** Completes what {@link #target} began. */
    static void write(DType type, long values, long row, int n) {
        if (type != DType.F32) {
            narrow(values, row, n);
        }
    }

    /** A vector of bf16 as f32. */
    static FloatVector loadWide(long address) {
        ShortVector half = ShortVector.fromMemorySegment(HALF, Ram.ALL, address, Ram.ORDER);
        IntVector bits = (IntVector) half.convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0);
        return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /** A vector of f32 or bf16 as f32. */
    static FloatVector load(DType type, long address) {
        return type == DType.F32 ? VectorMath.load(address) : loadWide(address);
    }

    /** bf16 → f32. */
    static void widen(long from, long to, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            loadWide(from + 2L * i).intoMemorySegment(Ram.ALL, to + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            Ram.setFloat(to + 4L * i, widened(from + 2L * i));
        }
    }

    /** bf16 → f32. */
    static void widen(long from, float[] to) {
        int i = 0;
        for (; i <= to.length - LANES; i += LANES) {
            loadWide(from + 2L * i).intoArray(to, i);
        }
        for (; i < to.length; i++) {
            to[i] = widened(from + 2L * i);
        }
    }

    /** f32 → bf16, rounded to nearest, ties to even; beyond the largest is infinity. NaN stays NaN. */
    static void narrow(long from, long to, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector value = FloatVector.fromMemorySegment(F, Ram.ALL, from + 4L * i, Ram.ORDER);
            narrowed(value).intoMemorySegment(Ram.ALL, to + 2L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            Ram.setShort(to + 2L * i, bf16(Ram.getFloat(from + 4L * i)));
        }
    }

    /** A vector of f32 as bf16. */
    static ShortVector narrowed(FloatVector value) {
        IntVector bits = value.reinterpretAsInts();
        IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
        // Rounding up would carry the payload of a NaN into its exponent and sign.
        IntVector rounded = bits.add(odd)
                .add(0x7FFF)
                .blend(bits.or(QUIET), value.compare(VectorOperators.NE, value).cast(I))
                .lanewise(VectorOperators.LSHR, 16);
        return (ShortVector) rounded.convertShape(VectorOperators.I2S, HALF, 0);
    }

    static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits | QUIET) >>> 16);
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }

    /** Whether none of {@code n} elements is NaN or infinite. */
    static boolean isFinite(DType type, long address, int n) {
        return type == DType.F32 ? isFiniteF32(address, n) : isFiniteBf16(address, n);
    }

    private static boolean isFiniteF32(long address, int n) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector strange = zero; // becomes NaN where there is an infinity or NaN
        FloatVector strange2 = zero;
        int i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            strange = FloatVector.fromMemorySegment(F, Ram.ALL, address + 4L * i, Ram.ORDER)
                    .fma(zero, strange);
            strange2 = FloatVector.fromMemorySegment(F, Ram.ALL, address + 4L * (i + LANES), Ram.ORDER)
                    .fma(zero, strange2);
        }
        float odd = strange.add(strange2).reduceLanes(VectorOperators.ADD);
        for (; i < n; i++) {
            odd += Ram.getFloat(address + 4L * i) * 0;
        }
        return odd == 0;
    }

    private static boolean isFiniteBf16(long address, int n) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector strange = zero;
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            strange = loadWide(address + 2L * i).fma(zero, strange);
        }
        float odd = strange.reduceLanes(VectorOperators.ADD);
        for (; i < n; i++) {
            odd += widened(address + 2L * i) * 0;
        }
        return odd == 0;
    }

    private static float widened(long bf16) {
        return Float.intBitsToFloat(Ram.getShort(bf16) << 16);
    }

    /** One element as f32. */
    static float get(DType type, long address) {
        return type == DType.F32 ? Ram.getFloat(address) : widened(address);
    }

    /** Converts {@code n} elements between f32 and bf16, or copies them. */
    static void convert(DType fromType, long from, DType toType, long to, int n) {
        if (fromType == toType) {
            Ram.copy(from, to, (long) n * fromType.bytes());
        } else if (toType == DType.F32) {
            widen(from, to, n);
        } else {
            narrow(from, to, n);
        }
    }
}
