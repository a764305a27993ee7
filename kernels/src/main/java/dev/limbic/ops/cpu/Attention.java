package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention of one head over one sequence of L rows of d columns. Keys are transposed once into [d, L], so that the
 * scores of four queries against two vectors of keys are one register tile; the scores of four rows never leave the
 * first-level cache.
 */
final class Attention {
    private static final int TILE_ROWS = 4;
    private static final int VECTOR_BYTES = 4 * LANES;

    /** Low enough that its exponential is nothing beside the row's maximum. */
    private static final float MASKED = -1e30f;

    private Attention() {}

    /**
     * out = softmax(q·kᵀ/√d)·v.
     *
     * @param q address of the first row of this head's queries; k and v likewise
     * @param rowBytes distance between two rows of q, k and v
     * @param out address of the first row of this head's output
     * @param outRowBytes distance between two rows of the output
     */
    static void head(
            Worker worker,
            DType type,
            long q,
            long k,
            long v,
            long rowBytes,
            int length,
            int d,
            boolean causal,
            long out,
            long outRowBytes) {
        Arena scratch = worker.scratch();
        Arena.Mark mark = scratch.mark();
        int padded = CpuLinear.roundUp(length, LANES);
        int dPadded = CpuLinear.roundUp(d, LANES);
        long keys = transposedKeys(scratch, type, k, rowBytes, length, padded, d);
        boolean inPlace = type == DType.F32;
        long queries = inPlace ? q : widened(scratch, q, rowBytes, length, d, d, type);
        long queryBytes = inPlace ? rowBytes : 4L * d;
        boolean valuesInPlace = inPlace && d == dPadded;
        long values = valuesInPlace ? v : widened(scratch, v, rowBytes, length, d, dPadded, type);
        long valueBytes = valuesInPlace ? rowBytes : 4L * dPadded;
        long scores = scratch.allocate(4L * TILE_ROWS * padded);
        long mixed = scratch.allocate(4L * TILE_ROWS * dPadded);
        float scale = (float) (1 / Math.sqrt(d));

        for (int row = 0; row < length; row += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, length - row);
            int visible = causal ? row + rows : length;
            int columns = CpuLinear.roundUp(visible, LANES);
            long q0 = queries + row * queryBytes;
            // Rows past the end repeat the last one; their results are not written.
            long q1 = q0 + Math.min(1, rows - 1) * queryBytes;
            long q2 = q0 + Math.min(2, rows - 1) * queryBytes;
            long q3 = q0 + Math.min(3, rows - 1) * queryBytes;
            int c = 0;
            for (; c + 2 * LANES <= columns; c += 2 * LANES) {
                scores2(q0, q1, q2, q3, keys + 4L * c, 4L * padded, d, scores + 4L * c, 4L * padded);
            }
            if (c < columns) {
                scores1(q0, q1, q2, q3, keys + 4L * c, 4L * padded, d, scores + 4L * c, 4L * padded);
            }
            for (int r = 0; r < rows; r++) {
                softmax(scores + 4L * r * padded, causal ? row + r + 1 : length, columns, scale);
            }
            for (int r = rows; r < TILE_ROWS; r++) {
                Ram.fill(scores + 4L * r * padded, 4L * columns, (byte) 0);
            }
            // Four whole rows of f32 go straight to where they belong.
            boolean direct = valuesInPlace && rows == TILE_ROWS;
            long target = direct ? out + row * outRowBytes : mixed;
            long targetBytes = direct ? outRowBytes : 4L * dPadded;
            int e = 0;
            for (; e + 2 * LANES <= dPadded; e += 2 * LANES) {
                mix2(scores, 4L * padded, values + 4L * e, valueBytes, visible, target + 4L * e, targetBytes);
            }
            if (e < dPadded) {
                mix1(scores, 4L * padded, values + 4L * e, valueBytes, visible, target + 4L * e, targetBytes);
            }
            for (int r = 0; r < rows && !direct; r++) {
                Rows.convert(DType.F32, mixed + 4L * r * dPadded, type, out + (row + r) * outRowBytes, d);
            }
        }
        scratch.rewind(mark);
    }

    private static long widened(Arena scratch, long from, long rowBytes, int length, int d, int stride, DType type) {
        long to = scratch.allocate(4L * length * stride);
        for (int i = 0; i < length; i++) {
            long row = to + 4L * i * stride;
            Rows.convert(type, from + i * rowBytes, DType.F32, row, d);
            for (int j = d; j < stride; j++) {
                Ram.setFloat(row + 4L * j, 0);
            }
        }
        return to;
    }

    /** [d, padded]; columns past the end are zero. */
    private static long transposedKeys(
            Arena scratch, DType type, long k, long rowBytes, int length, int padded, int d) {
        long to = scratch.allocate(4L * d * padded);
        for (int j = 0; j < padded; j++) {
            if (j >= length) {
                for (int t = 0; t < d; t++) {
                    Ram.setFloat(to + 4L * (t * padded + j), 0);
                }
            } else if (type == DType.F32) {
                for (int t = 0; t < d; t++) {
                    Ram.setFloat(to + 4L * (t * padded + j), Ram.getFloat(k + j * rowBytes + 4L * t));
                }
            } else {
                for (int t = 0; t < d; t++) {
                    float value = Float.intBitsToFloat(Ram.getShort(k + j * rowBytes + 2L * t) << 16);
                    Ram.setFloat(to + 4L * (t * padded + j), value);
                }
            }
        }
        return to;
    }

    private static FloatVector all(long address) {
        return FloatVector.broadcast(F, Ram.getFloat(address));
    }

    private static void scores2(
            long q0, long q1, long q2, long q3, long keys, long keyBytes, int d, long out, long outBytes) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector c0 = a0;
        FloatVector c1 = a0;
        FloatVector d0 = a0;
        FloatVector d1 = a0;
        for (int t = 0; t < d; t++) {
            FloatVector k0 = load(keys + t * keyBytes);
            FloatVector k1 = load(keys + t * keyBytes + VECTOR_BYTES);
            FloatVector q = all(q0 + 4L * t);
            a0 = k0.fma(q, a0);
            a1 = k1.fma(q, a1);
            q = all(q1 + 4L * t);
            b0 = k0.fma(q, b0);
            b1 = k1.fma(q, b1);
            q = all(q2 + 4L * t);
            c0 = k0.fma(q, c0);
            c1 = k1.fma(q, c1);
            q = all(q3 + 4L * t);
            d0 = k0.fma(q, d0);
            d1 = k1.fma(q, d1);
        }
        a0.intoMemorySegment(Ram.ALL, out, Ram.ORDER);
        a1.intoMemorySegment(Ram.ALL, out + VECTOR_BYTES, Ram.ORDER);
        b0.intoMemorySegment(Ram.ALL, out + outBytes, Ram.ORDER);
        b1.intoMemorySegment(Ram.ALL, out + outBytes + VECTOR_BYTES, Ram.ORDER);
        c0.intoMemorySegment(Ram.ALL, out + 2 * outBytes, Ram.ORDER);
        c1.intoMemorySegment(Ram.ALL, out + 2 * outBytes + VECTOR_BYTES, Ram.ORDER);
        d0.intoMemorySegment(Ram.ALL, out + 3 * outBytes, Ram.ORDER);
        d1.intoMemorySegment(Ram.ALL, out + 3 * outBytes + VECTOR_BYTES, Ram.ORDER);
    }

    private static void scores1(
            long q0, long q1, long q2, long q3, long keys, long keyBytes, int d, long out, long outBytes) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector e = a;
        for (int t = 0; t < d; t++) {
            FloatVector k = load(keys + t * keyBytes);
            a = k.fma(all(q0 + 4L * t), a);
            b = k.fma(all(q1 + 4L * t), b);
            c = k.fma(all(q2 + 4L * t), c);
            e = k.fma(all(q3 + 4L * t), e);
        }
        a.intoMemorySegment(Ram.ALL, out, Ram.ORDER);
        b.intoMemorySegment(Ram.ALL, out + outBytes, Ram.ORDER);
        c.intoMemorySegment(Ram.ALL, out + 2 * outBytes, Ram.ORDER);
        e.intoMemorySegment(Ram.ALL, out + 3 * outBytes, Ram.ORDER);
    }

    /** Softmax of the first {@code visible} scores, in place; those up to {@code columns} become zero. */
    private static void softmax(long row, int visible, int columns, float scale) {
        for (int j = visible; j < columns; j++) {
            Ram.setFloat(row + 4L * j, MASKED);
        }
        FloatVector greatest = load(row);
        for (int j = LANES; j < columns; j += LANES) {
            greatest = greatest.max(load(row + 4L * j));
        }
        float max = greatest.reduceLanes(VectorOperators.MAX) * scale;
        FloatVector sums = FloatVector.zero(F);
        for (int j = 0; j < columns; j += LANES) {
            FloatVector e = VectorMath.exp(load(row + 4L * j).mul(scale).sub(max));
            e.intoMemorySegment(Ram.ALL, row + 4L * j, Ram.ORDER);
            sums = sums.add(e);
        }
        // One more loop here would be more than the compiler inlines, and its vectors would become heap objects.
        RowKernels.scale(1 / VectorMath.sum(sums), row, columns);
    }

    private static void mix2(long p, long pBytes, long values, long valueBytes, int visible, long out, long outBytes) {
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector c0 = a0;
        FloatVector c1 = a0;
        FloatVector d0 = a0;
        FloatVector d1 = a0;
        for (int j = 0; j < visible; j++) {
            FloatVector v0 = load(values + j * valueBytes);
            FloatVector v1 = load(values + j * valueBytes + VECTOR_BYTES);
            FloatVector w = all(p + 4L * j);
            a0 = v0.fma(w, a0);
            a1 = v1.fma(w, a1);
            w = all(p + pBytes + 4L * j);
            b0 = v0.fma(w, b0);
            b1 = v1.fma(w, b1);
            w = all(p + 2 * pBytes + 4L * j);
            c0 = v0.fma(w, c0);
            c1 = v1.fma(w, c1);
            w = all(p + 3 * pBytes + 4L * j);
            d0 = v0.fma(w, d0);
            d1 = v1.fma(w, d1);
        }
        a0.intoMemorySegment(Ram.ALL, out, Ram.ORDER);
        a1.intoMemorySegment(Ram.ALL, out + VECTOR_BYTES, Ram.ORDER);
        b0.intoMemorySegment(Ram.ALL, out + outBytes, Ram.ORDER);
        b1.intoMemorySegment(Ram.ALL, out + outBytes + VECTOR_BYTES, Ram.ORDER);
        c0.intoMemorySegment(Ram.ALL, out + 2 * outBytes, Ram.ORDER);
        c1.intoMemorySegment(Ram.ALL, out + 2 * outBytes + VECTOR_BYTES, Ram.ORDER);
        d0.intoMemorySegment(Ram.ALL, out + 3 * outBytes, Ram.ORDER);
        d1.intoMemorySegment(Ram.ALL, out + 3 * outBytes + VECTOR_BYTES, Ram.ORDER);
    }

    private static void mix1(long p, long pBytes, long values, long valueBytes, int visible, long out, long outBytes) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        for (int j = 0; j < visible; j++) {
            FloatVector v = load(values + j * valueBytes);
            a = v.fma(all(p + 4L * j), a);
            b = v.fma(all(p + pBytes + 4L * j), b);
            c = v.fma(all(p + 2 * pBytes + 4L * j), c);
            d = v.fma(all(p + 3 * pBytes + 4L * j), d);
        }
        a.intoMemorySegment(Ram.ALL, out, Ram.ORDER);
        b.intoMemorySegment(Ram.ALL, out + outBytes, Ram.ORDER);
        c.intoMemorySegment(Ram.ALL, out + 2 * outBytes, Ram.ORDER);
        d.intoMemorySegment(Ram.ALL, out + 3 * outBytes, Ram.ORDER);
    }
}
