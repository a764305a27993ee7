package dev.limbic.ops.cuda;

import dev.limbic.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers on the host in the type in which the device keeps them. */
final class HalfPrecision {
    private HalfPrecision() {}

    /** Writes f32 values as {@code type}, rounded to nearest even. */
    static void write(float[] values, DType type, MemorySegment to) {
        switch (type) {
            case F32 -> MemorySegment.copy(values, 0, to, ValueLayout.JAVA_FLOAT, 0, values.length);
            case F16 -> {
                for (int i = 0; i < values.length; i++) {
                    to.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < values.length; i++) {
                    to.setAtIndex(ValueLayout.JAVA_SHORT, i, bf16(values[i]));
                }
            }
            case I8, U8, I32, I64 ->
                throw new IllegalArgumentException("weights are f32, f16 or bf16, asked for " + type);
        }
    }

    private static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40); // stays a NaN whatever is cut off
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }

    /** Reads numbers, widened to f32. */
    static float[] read(MemorySegment from, DType type, int count) {
        float[] values = new float[count];
        switch (type) {
            case F32 -> MemorySegment.copy(from, ValueLayout.JAVA_FLOAT, 0, values, 0, count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = Float.float16ToFloat(from.getAtIndex(ValueLayout.JAVA_SHORT, i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = Float.intBitsToFloat(from.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16);
                }
            }
            case I32 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = from.getAtIndex(ValueLayout.JAVA_INT, i);
                }
            }
            case I8, U8, I64 -> throw new IllegalArgumentException("download: no results of type " + type);
        }
        return values;
    }
}
