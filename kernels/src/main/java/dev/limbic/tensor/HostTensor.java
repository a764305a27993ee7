package dev.limbic.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Weights on the host, as they lie in a file: little-endian, dense, row-major. A device turns them into what it
 * likes best; nothing computes on them.
 *
 * @param dtype element type
 * @param shape dimensions
 * @param data exactly {@code shape.elements() * dtype.bytes()} bytes, readable while its owner (a mapped file, an
 *     arena) is open
 */
public record HostTensor(DType dtype, Shape shape, MemorySegment data) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int FLOATS_A_LINE = 16;

    /** Numbers that are widened at a time. */
    private static final int CHUNK = 1 << 16;

    public HostTensor {
        long expected = Math.multiplyExact(shape.elements(), (long) dtype.bytes());
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException(
                    dtype + " " + shape + " needs " + expected + " bytes, found " + data.byteSize());
        }
    }

    /** An f32 tensor that copies {@code values} into heap memory. */
    public static HostTensor of(Shape shape, float[] values) {
        return new HostTensor(DType.F32, shape, MemorySegment.ofArray(values.clone()));
    }

    /** The elements of all tensors one behind the other, widened to f32: matrices of equal width stacked. */
    public static float[] stacked(List<HostTensor> tensors) {
        long total = tensors.stream().mapToLong(t -> t.shape.elements()).sum();
        float[] all = new float[Math.toIntExact(total)];
        int offset = 0;
        for (HostTensor t : tensors) {
            float[] values = t.toFloats();
            System.arraycopy(values, 0, all, offset, values.length);
            offset += values.length;
        }
        return all;
    }

    /** [matrices, rows, columns] as [matrices, columns, rows], a cache line of columns at a time. */
    public static float[] transposed(float[] values, int matrices, int rows, int columns) {
        float[] to = new float[values.length];
        for (int matrix = 0; matrix < matrices; matrix++) {
            int at = matrix * rows * columns;
            for (int from = 0; from < columns; from += FLOATS_A_LINE) {
                int end = Math.min(columns, from + FLOATS_A_LINE);
                for (int row = 0; row < rows; row++) {
                    for (int column = from; column < end; column++) {
                        to[at + column * rows + row] = values[at + row * columns + column];
                    }
                }
            }
        }
        return to;
    }

    /** Element {@code i} in row-major order, widened to f32. */
    public float get(long i) {
        return switch (dtype) {
            case F32 -> data.get(FLOAT, i * 4);
            case BF16, F16 -> wide(data.get(SHORT, i * 2));
            case I8 -> data.get(ValueLayout.JAVA_BYTE, i);
            case U8 -> data.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
            case I32 -> data.get(INT, i * 4);
            case I64 -> data.get(LONG, i * 8);
        };
    }

    /** All elements in row-major order, widened to f32. */
    public float[] toFloats() {
        float[] out = new float[Math.toIntExact(shape.elements())];
        switch (dtype) {
            case F32 -> MemorySegment.copy(data, FLOAT, 0, out, 0, out.length);
            case BF16, F16 -> widen(out);
            case I8, U8, I32, I64 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = get(i);
                }
            }
        }
        return out;
    }

    /** By way of the heap, where code that is not compiled yet reads a hundred times faster than from a segment. */
    private void widen(float[] out) {
        short[] halves = new short[Math.min(CHUNK, out.length)];
        for (int from = 0; from < out.length; from += CHUNK) {
            int count = Math.min(CHUNK, out.length - from);
            MemorySegment.copy(data, SHORT, 2L * from, halves, 0, count);
            for (int i = 0; i < count; i++) {
                out[from + i] = wide(halves[i]);
            }
        }
    }

    private float wide(short half) {
        return dtype == DType.BF16 ? Float.intBitsToFloat(half << 16) : Float.float16ToFloat(half);
    }
}
