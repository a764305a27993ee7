package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * One query against a run of tokens of one cache block, whose keys and values are read where they lie, and the softmax of
 * scores, also of those of a {@link RowTile}. A loop each for f32 and bf16: choosing inside a loop is more than the
 * compiler inlines.
 */
final class CacheKernels {
    private static final int VECTOR_BYTES = 4 * LANES;
    private static final int HALF_BYTES = 2 * LANES;

    private CacheKernels() {}

    /** Lanes outside are zero, whatever lies in memory. */
    private static FloatVector only(FloatVector v, VectorMask<Float> inside) {
        return FloatVector.zero(F).blend(v, inside);
    }

    /**
     * parts[j] = the products q·keys[j], added up but for a vector of them, four tokens at a time. {@link #sums} does the
     * rest, as together they are more than the compiler inlines.
     *
     * @param q f32 [d], zero from there to the next multiple of the vector length
     * @param parts f32 [tokens, vector length] and room for three tokens more
     */
    static void dotsF32(long q, long keys, long rowBytes, int tokens, int d, long parts) {
        int whole = d - d % LANES;
        VectorMask<Float> inside = F.indexInRange(whole, d);
        for (int j = 0; j < tokens; j += 4) {
            // Tokens past the end repeat the last one; whoever writes behind it comes later.
            long k0 = keys + j * rowBytes;
            long k1 = keys + Math.min(j + 1, tokens - 1) * rowBytes;
            long k2 = keys + Math.min(j + 2, tokens - 1) * rowBytes;
            long k3 = keys + Math.min(j + 3, tokens - 1) * rowBytes;
            FloatVector a0 = FloatVector.zero(F);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            for (int c = 0; c < whole; c += LANES) {
                FloatVector x = load(q + 4L * c);
                a0 = load(k0 + 4L * c).fma(x, a0);
                a1 = load(k1 + 4L * c).fma(x, a1);
                a2 = load(k2 + 4L * c).fma(x, a2);
                a3 = load(k3 + 4L * c).fma(x, a3);
            }
            if (whole < d) {
                FloatVector x = load(q + 4L * whole);
                a0 = only(load(k0 + 4L * whole), inside).fma(x, a0);
                a1 = only(load(k1 + 4L * whole), inside).fma(x, a1);
                a2 = only(load(k2 + 4L * whole), inside).fma(x, a2);
                a3 = only(load(k3 + 4L * whole), inside).fma(x, a3);
            }
            a0.intoMemorySegment(Ram.ALL, parts + (long) VECTOR_BYTES * j, Ram.ORDER);
            a1.intoMemorySegment(Ram.ALL, parts + (long) VECTOR_BYTES * (j + 1), Ram.ORDER);
            a2.intoMemorySegment(Ram.ALL, parts + (long) VECTOR_BYTES * (j + 2), Ram.ORDER);
            a3.intoMemorySegment(Ram.ALL, parts + (long) VECTOR_BYTES * (j + 3), Ram.ORDER);
        }
    }

    /** Bytes of what {@link #dotsF32} writes for so many tokens. */
    static long partsBytes(int tokens) {
        return (long) VECTOR_BYTES * (tokens + 3);
    }

    /** scores[j] = Σ parts[j]. */
    static void sums(long parts, int tokens, long scores) {
        for (int j = 0; j < tokens; j++) {
            Ram.setFloat(scores + 4L * j, VectorMath.sum(load(parts + (long) VECTOR_BYTES * j)));
        }
    }

    /** {@link #dotsF32} with keys of bf16. */
    static void dotsBf16(long q, long keys, long rowBytes, int tokens, int d, long parts) {
        int whole = d - d % LANES;
        VectorMask<Float> inside = F.indexInRange(whole, d);
        for (int j = 0; j < tokens; j += 4) {
            long k0 = keys + j * rowBytes;
            long k1 = keys + Math.min(j + 1, tokens - 1) * rowBytes;
            long k2 = keys + Math.min(j + 2, tokens - 1) * rowBytes;
            long k3 = keys + Math.min(j + 3, tokens - 1) * rowBytes;
            FloatVector a0 = FloatVector.zero(F);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            for (int c = 0; c < whole; c += LANES) {
                FloatVector x = load(q + 4L * c);
                a0 = Rows.loadWide(k0 + 2L * c).fma(x, a0);
                a1 = Rows.loadWide(k1 + 2L * c).fma(x, a1);
                a2 = Rows.loadWide(k2 + 2L * c).fma(x, a2);
                a3 = Rows.loadWide(k3 + 2L * c).fma(x, a3);
            }
            if (whole < d) {
                FloatVector x = load(q + 4L * whole);
                a0 = only(Rows.loadWide(k0 + 2L * whole), inside).fma(x, a0);
                a1 = only(Rows.loadWide(k1 + 2L * whole), inside).fma(x, a1);
                a2 = only(Rows.loadWide(k2 + 2L * whole), inside).fma(x, a2);
                a3 = only(Rows.loadWide(k3 + 2L * whole), inside).fma(x, a3);
            }
            a0.intoMemorySegment(Ram.ALL, parts + (long) VECTOR_BYTES * j, Ram.ORDER);
            a1.intoMemorySegment(Ram.ALL, parts + (long) VECTOR_BYTES * (j + 1), Ram.ORDER);
            a2.intoMemorySegment(Ram.ALL, parts + (long) VECTOR_BYTES * (j + 2), Ram.ORDER);
            a3.intoMemorySegment(Ram.ALL, parts + (long) VECTOR_BYTES * (j + 3), Ram.ORDER);
        }
    }

    /**
     * weights[j] = exp(scale·(scores[j] − maximum)) for the first {@code visible} scores, zero up to {@code columns}.
     *
     * @param scores f32 [columns]
     * @param weights f32 [columns], may be the scores
     * @param columns a multiple of the vector length
     * @param maximumAndSum two f32, written: the scaled maximum as a power of two, and the sum of the exponentials
     */
    static void weightsF32(long scores, long weights, int visible, int columns, float scale, long maximumAndSum) {
        float factor = scale * VectorMath.LOG2E;
        float greatest = greatest(scores, visible);
        FloatVector sums = FloatVector.zero(F);
        int j = 0;
        for (; j < visible; j += LANES) {
            FloatVector e = weights(scores + 4L * j, factor, greatest, F.indexInRange(j, visible));
            e.intoMemorySegment(Ram.ALL, weights + 4L * j, Ram.ORDER);
            sums = sums.add(e);
        }
        for (; j < columns; j += LANES) {
            FloatVector.zero(F).intoMemorySegment(Ram.ALL, weights + 4L * j, Ram.ORDER);
        }
        Ram.setFloat(maximumAndSum, greatest * factor);
        Ram.setFloat(maximumAndSum + 4, VectorMath.sum(sums));
    }

    /**
     * {@link #weightsF32} with weights of bf16, ties rounded up. Their sum is that of the unrounded ones, and it tells of
     * a NaN among them even where rounding turned it into something else.
     */
    static void weightsBf16(long scores, long weights, int visible, int columns, float scale, long maximumAndSum) {
        float factor = scale * VectorMath.LOG2E;
        float greatest = greatest(scores, visible);
        FloatVector sums = FloatVector.zero(F);
        int j = 0;
        for (; j < visible; j += LANES) {
            FloatVector e = weights(scores + 4L * j, factor, greatest, F.indexInRange(j, visible));
            IntVector rounded = e.reinterpretAsInts().add(0x8000).lanewise(VectorOperators.LSHR, 16);
            ((ShortVector) rounded.convertShape(VectorOperators.I2S, Rows.HALF, 0))
                    .intoMemorySegment(Ram.ALL, weights + 2L * j, Ram.ORDER);
            sums = sums.add(e);
        }
        for (; j < columns; j += LANES) {
            ShortVector.zero(Rows.HALF).intoMemorySegment(Ram.ALL, weights + 2L * j, Ram.ORDER);
        }
        Ram.setFloat(maximumAndSum, greatest * factor);
        Ram.setFloat(maximumAndSum + 4, VectorMath.sum(sums));
    }

    /** The difference comes first: the greatest score has a weight of exactly one, however large it is. */
    private static FloatVector weights(long scores, float factor, float greatest, VectorMask<Float> visible) {
        return only(VectorMath.exp2(load(scores).sub(greatest).mul(factor)), visible);
    }

    /** The greatest of some scores; a NaN is passed over, as its own weight tells of it. */
    private static float greatest(long scores, int n) {
        FloatVector a = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        int j = 0;
        // Two at a time: each waits for the one before.
        for (; j <= n - 2 * LANES; j += 2 * LANES) {
            FloatVector v = load(scores + 4L * j);
            FloatVector w = load(scores + 4L * (j + LANES));
            // Two instructions, where max has to heed NaN and signed zero.
            a = a.blend(v, v.compare(VectorOperators.GT, a));
            b = b.blend(w, w.compare(VectorOperators.GT, b));
        }
        for (; j < n; j += LANES) {
            FloatVector v = load(scores + 4L * j);
            a = a.blend(v, v.compare(VectorOperators.GT, a, F.indexInRange(j, n)));
        }
        return a.max(b).reduceLanes(VectorOperators.MAX);
    }

    /** sum ← sum + Σ p[j]·values[j]; f32 [d] of sum are written up to the next multiple of the vector length. */
    static void mixF32(long p, long values, long rowBytes, int tokens, int d, long sum) {
        int c = 0;
        for (; c + 4 * LANES <= d; c += 4 * LANES) {
            mix4F32(p, values + 4L * c, rowBytes, tokens, sum + 4L * c);
        }
        for (; c < d; c += LANES) {
            mix1F32(p, values + 4L * c, rowBytes, tokens, sum + 4L * c);
        }
    }

    /** {@link #mixF32} with values of bf16. */
    static void mixBf16(long p, long values, long rowBytes, int tokens, int d, long sum) {
        int c = 0;
        for (; c + 4 * LANES <= d; c += 4 * LANES) {
            mix4Bf16(p, values + 2L * c, rowBytes, tokens, sum + 4L * c);
        }
        for (; c < d; c += LANES) {
            mix1Bf16(p, values + 2L * c, rowBytes, tokens, sum + 4L * c);
        }
    }

    private static void mix4F32(long p, long values, long rowBytes, int tokens, long sum) {
        FloatVector a0 = load(sum);
        FloatVector a1 = load(sum + VECTOR_BYTES);
        FloatVector a2 = load(sum + 2L * VECTOR_BYTES);
        FloatVector a3 = load(sum + 3L * VECTOR_BYTES);
        for (int j = 0; j < tokens; j++) {
            FloatVector w = FloatVector.broadcast(F, Ram.getFloat(p + 4L * j));
            long v = values + j * rowBytes;
            a0 = load(v).fma(w, a0);
            a1 = load(v + VECTOR_BYTES).fma(w, a1);
            a2 = load(v + 2L * VECTOR_BYTES).fma(w, a2);
            a3 = load(v + 3L * VECTOR_BYTES).fma(w, a3);
        }
        a0.intoMemorySegment(Ram.ALL, sum, Ram.ORDER);
        a1.intoMemorySegment(Ram.ALL, sum + VECTOR_BYTES, Ram.ORDER);
        a2.intoMemorySegment(Ram.ALL, sum + 2L * VECTOR_BYTES, Ram.ORDER);
        a3.intoMemorySegment(Ram.ALL, sum + 3L * VECTOR_BYTES, Ram.ORDER);
    }

    private static void mix4Bf16(long p, long values, long rowBytes, int tokens, long sum) {
        FloatVector a0 = load(sum);
        FloatVector a1 = load(sum + VECTOR_BYTES);
        FloatVector a2 = load(sum + 2L * VECTOR_BYTES);
        FloatVector a3 = load(sum + 3L * VECTOR_BYTES);
        for (int j = 0; j < tokens; j++) {
            FloatVector w = FloatVector.broadcast(F, Ram.getFloat(p + 4L * j));
            long v = values + j * rowBytes;
            a0 = Rows.loadWide(v).fma(w, a0);
            a1 = Rows.loadWide(v + HALF_BYTES).fma(w, a1);
            a2 = Rows.loadWide(v + 2L * HALF_BYTES).fma(w, a2);
            a3 = Rows.loadWide(v + 3L * HALF_BYTES).fma(w, a3);
        }
        a0.intoMemorySegment(Ram.ALL, sum, Ram.ORDER);
        a1.intoMemorySegment(Ram.ALL, sum + VECTOR_BYTES, Ram.ORDER);
        a2.intoMemorySegment(Ram.ALL, sum + 2L * VECTOR_BYTES, Ram.ORDER);
        a3.intoMemorySegment(Ram.ALL, sum + 3L * VECTOR_BYTES, Ram.ORDER);
    }

    private static void mix1F32(long p, long values, long rowBytes, int tokens, long sum) {
        FloatVector a = load(sum);
        for (int j = 0; j < tokens; j++) {
            a = load(values + j * rowBytes).fma(FloatVector.broadcast(F, Ram.getFloat(p + 4L * j)), a);
        }
        a.intoMemorySegment(Ram.ALL, sum, Ram.ORDER);
    }

    private static void mix1Bf16(long p, long values, long rowBytes, int tokens, long sum) {
        FloatVector a = load(sum);
        for (int j = 0; j < tokens; j++) {
            a = Rows.loadWide(values + j * rowBytes).fma(FloatVector.broadcast(F, Ram.getFloat(p + 4L * j)), a);
        }
        a.intoMemorySegment(Ram.ALL, sum, Ram.ORDER);
    }
}
