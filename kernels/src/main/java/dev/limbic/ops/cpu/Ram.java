package dev.limbic.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Raw access to host memory by address, as kernels need it. No bounds are checked here: shapes were checked by
 * the operations before any kernel runs.
 */
final class Ram {
    /** All of memory; offsets are addresses. */
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private Ram() {}

    static float getFloat(long address) {
        return ALL.get(FLOAT, address);
    }

    static void setFloat(long address, float value) {
        ALL.set(FLOAT, address, value);
    }

    static int getInt(long address) {
        return ALL.get(INT, address);
    }

    static void setInt(long address, int value) {
        ALL.set(INT, address, value);
    }

    static long getLong(long address) {
        return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    static void setLong(long address, long value) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value);
    }

    static short getShort(long address) {
        return ALL.get(SHORT, address);
    }

    static void setShort(long address, short value) {
        ALL.set(SHORT, address, value);
    }

    static byte getByte(long address) {
        return ALL.get(BYTE, address);
    }

    static void setByte(long address, byte value) {
        ALL.set(BYTE, address, value);
    }

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    static void copyFrom(float[] from, long to) {
        MemorySegment.copy(from, 0, ALL, FLOAT, to, from.length);
    }

    static void copyFrom(byte[] from, long to) {
        MemorySegment.copy(from, 0, ALL, BYTE, to, from.length);
    }

    static void copyTo(long from, float[] to) {
        MemorySegment.copy(ALL, FLOAT, from, to, 0, to.length);
    }

    static void fill(long address, long bytes, byte value) {
        ALL.asSlice(address, bytes).fill(value);
    }
}
