package dev.limbic.preprocess.image.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops of JPEG in vectors of eight, with the same results to the last bit as the plain ones beside them, which serve
 * where the processor has no such vectors. Each is compiled on its own.
 */
final class JpegVectors {
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_256;
    private static final VectorSpecies<Short> S = ShortVector.SPECIES_128;
    private static final VectorSpecies<Byte> B = ByteVector.SPECIES_64;
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private static final IntVector LOW_1 = IntVector.fromArray(I, new int[] {0, 8, 1, 9, 4, 12, 5, 13}, 0);
    private static final IntVector HIGH_1 = IntVector.fromArray(I, new int[] {2, 10, 3, 11, 6, 14, 7, 15}, 0);
    private static final IntVector LOW_2 = IntVector.fromArray(I, new int[] {0, 1, 8, 9, 4, 5, 12, 13}, 0);
    private static final IntVector HIGH_2 = IntVector.fromArray(I, new int[] {2, 3, 10, 11, 6, 7, 14, 15}, 0);
    private static final IntVector LOW_4 = IntVector.fromArray(I, new int[] {0, 1, 2, 3, 8, 9, 10, 11}, 0);
    private static final IntVector HIGH_4 = IntVector.fromArray(I, new int[] {4, 5, 6, 7, 12, 13, 14, 15}, 0);

    private static final int ROUNDS = 200;
    private static final int CALLS = 200;
    private static final long COMPILED_NANOS = 1000L * CALLS;

    private JpegVectors() {}

    /** Runs the loops until they are compiled. Returns whether they are, and the processor has such vectors. */
    static boolean warmUp() {
        if (IntVector.SPECIES_PREFERRED.length() < I.length()) {
            return false;
        }
        int[] block = new int[64];
        byte[] samples = new byte[64];
        short[] rows = new short[3 * 64];
        int[] sums = new int[64];
        byte[] rgb = new byte[3 * 64];
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < CALLS; i++) {
                inverseDct(block, samples, 0, 8);
                widen(samples, 0, 64, rows, 0);
                stretch(samples, 0, 16, 16, sums, rows, 0);
                convert(rows, 64, rgb, 0, 64, sums);
            }
            if (System.nanoTime() - start < COMPILED_NANOS) {
                return true;
            }
        }
        return false;
    }

    /** {@link JpegInverseDct#block}: two passes of eight columns each, with a transposition after each. */
    static void inverseDct(int[] b, byte[] out, int at, int stride) {
        int shift = JpegInverseDct.SHIFT_1;
        int half = JpegInverseDct.HALF_1;
        for (int pass = 0; pass < 2; pass++) {
            IntVector i0 = IntVector.fromArray(I, b, 0);
            IntVector i1 = IntVector.fromArray(I, b, 8);
            IntVector i2 = IntVector.fromArray(I, b, 16);
            IntVector i3 = IntVector.fromArray(I, b, 24);
            IntVector i4 = IntVector.fromArray(I, b, 32);
            IntVector i5 = IntVector.fromArray(I, b, 40);
            IntVector i6 = IntVector.fromArray(I, b, 48);
            IntVector i7 = IntVector.fromArray(I, b, 56);
            IntVector z = i2.add(i6).mul(JpegInverseDct.F_0_541);
            IntVector e2 = z.sub(i6.mul(JpegInverseDct.F_1_847));
            IntVector e3 = z.add(i2.mul(JpegInverseDct.F_0_765));
            IntVector e0 = i0.add(i4)
                    .lanewise(VectorOperators.LSHL, JpegInverseDct.BITS)
                    .add(half);
            IntVector e1 = i0.sub(i4)
                    .lanewise(VectorOperators.LSHL, JpegInverseDct.BITS)
                    .add(half);
            IntVector z3 = i7.add(i3);
            IntVector z4 = i5.add(i1);
            IntVector z5 = z3.add(z4).mul(JpegInverseDct.F_1_175);
            IntVector z1 = i7.add(i1).mul(-JpegInverseDct.F_0_899);
            IntVector z2 = i5.add(i3).mul(-JpegInverseDct.F_2_562);
            z3 = z5.sub(z3.mul(JpegInverseDct.F_1_961));
            z4 = z5.sub(z4.mul(JpegInverseDct.F_0_390));
            IntVector o0 = i7.mul(JpegInverseDct.F_0_298).add(z1).add(z3);
            IntVector o1 = i5.mul(JpegInverseDct.F_2_053).add(z2).add(z4);
            IntVector o2 = i3.mul(JpegInverseDct.F_3_072).add(z2).add(z3);
            IntVector o3 = i1.mul(JpegInverseDct.F_1_501).add(z1).add(z4);
            i0 = e0.add(e3);
            i1 = e1.add(e2);
            i2 = e1.sub(e2);
            i3 = e0.sub(e3);
            e0 = i0.add(o3).lanewise(VectorOperators.ASHR, shift);
            e1 = i1.add(o2).lanewise(VectorOperators.ASHR, shift);
            e2 = i2.add(o1).lanewise(VectorOperators.ASHR, shift);
            e3 = i3.add(o0).lanewise(VectorOperators.ASHR, shift);
            i4 = i3.sub(o0).lanewise(VectorOperators.ASHR, shift);
            i5 = i2.sub(o1).lanewise(VectorOperators.ASHR, shift);
            i6 = i1.sub(o2).lanewise(VectorOperators.ASHR, shift);
            i7 = i0.sub(o3).lanewise(VectorOperators.ASHR, shift);
            i0 = LOW_1.selectFrom(e0, e1);
            i1 = HIGH_1.selectFrom(e0, e1);
            i2 = LOW_1.selectFrom(e2, e3);
            i3 = HIGH_1.selectFrom(e2, e3);
            o0 = LOW_1.selectFrom(i4, i5);
            o1 = HIGH_1.selectFrom(i4, i5);
            o2 = LOW_1.selectFrom(i6, i7);
            o3 = HIGH_1.selectFrom(i6, i7);
            e0 = LOW_2.selectFrom(i0, i2);
            e1 = HIGH_2.selectFrom(i0, i2);
            e2 = LOW_2.selectFrom(i1, i3);
            e3 = HIGH_2.selectFrom(i1, i3);
            i4 = LOW_2.selectFrom(o0, o2);
            i5 = HIGH_2.selectFrom(o0, o2);
            i6 = LOW_2.selectFrom(o1, o3);
            i7 = HIGH_2.selectFrom(o1, o3);
            LOW_4.selectFrom(e0, i4).intoArray(b, 0);
            LOW_4.selectFrom(e1, i5).intoArray(b, 8);
            LOW_4.selectFrom(e2, i6).intoArray(b, 16);
            LOW_4.selectFrom(e3, i7).intoArray(b, 24);
            HIGH_4.selectFrom(e0, i4).intoArray(b, 32);
            HIGH_4.selectFrom(e1, i5).intoArray(b, 40);
            HIGH_4.selectFrom(e2, i6).intoArray(b, 48);
            HIGH_4.selectFrom(e3, i7).intoArray(b, 56);
            shift = JpegInverseDct.SHIFT_2;
            half = JpegInverseDct.HALF_2;
        }
        for (int y = 0; y < 8; y++) {
            IntVector row = IntVector.fromArray(I, b, 8 * y).max(0).min(255);
            ((ByteVector) row.convertShape(VectorOperators.I2B, B, 0)).intoArray(out, at + y * stride);
        }
    }

    /** A row as it is, {@code length} samples, which go in eights. */
    static void widen(byte[] plane, int from, int length, short[] out, int to) {
        for (int x = 0; x < length; x += 8) {
            ByteVector.fromArray(B, plane, from + x)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2S, S, 0)
                    .reinterpretAsShorts()
                    .intoArray(out, to + x);
        }
    }

    /**
     * A row at twice its width, from the row of samples that it lies on and the one beside it.
     *
     * @param sums scratch, [length + 16]
     * @param out from {@code to}; up to 16 more than are asked for are overwritten
     */
    static void stretch(byte[] plane, int near, int far, int length, int[] sums, short[] out, int to) {
        int x = 0;
        for (; x + 8 <= length; x += 8) {
            IntVector here = (IntVector)
                    ByteVector.fromArray(B, plane, near + x).convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
            IntVector beside = (IntVector)
                    ByteVector.fromArray(B, plane, far + x).convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
            here.mul(3).add(beside).intoArray(sums, x + 1);
        }
        for (; x < length; x++) {
            sums[x + 1] = 3 * (plane[near + x] & 0xFF) + (plane[far + x] & 0xFF);
        }
        sums[0] = sums[1];
        sums[length + 1] = sums[length];
        for (x = 0; x < length; x += 8) {
            IntVector here = IntVector.fromArray(I, sums, x + 1).mul(3);
            IntVector even = here.add(IntVector.fromArray(I, sums, x)).add(8).lanewise(VectorOperators.ASHR, 4);
            IntVector odd = here.add(IntVector.fromArray(I, sums, x + 2)).add(7).lanewise(VectorOperators.LSHL, 12);
            even.or(odd.and(0xFFFF0000)).reinterpretAsShorts().intoArray(out, to + 2 * x);
        }
    }

    /**
     * Luma and chroma to RGB: as many of {@code length} pixels as go in eights and leave at least one.
     *
     * @param rows luma and the two kinds of chroma, {@code rowLength} apart
     * @param packed scratch, [8]
     * @return how many pixels were converted
     */
    static int convert(short[] rows, int rowLength, byte[] rgb, int to, int length, int[] packed) {
        int x = 0;
        for (; x + 8 < length; x += 8) {
            IntVector y = (IntVector) ShortVector.fromArray(S, rows, x).convertShape(VectorOperators.S2I, I, 0);
            IntVector cb =
                    (IntVector) ShortVector.fromArray(S, rows, rowLength + x).convertShape(VectorOperators.S2I, I, 0);
            IntVector cr = (IntVector)
                    ShortVector.fromArray(S, rows, 2 * rowLength + x).convertShape(VectorOperators.S2I, I, 0);
            cb = cb.sub(128);
            cr = cr.sub(128);
            IntVector r = cr.mul(JpegColour.R_CR)
                    .add(JpegColour.HALF)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(y)
                    .max(0)
                    .min(255);
            IntVector g = cb.mul(-JpegColour.G_CB)
                    .sub(cr.mul(JpegColour.G_CR))
                    .add(JpegColour.HALF)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(y)
                    .max(0)
                    .min(255);
            IntVector b = cb.mul(JpegColour.B_CB)
                    .add(JpegColour.HALF)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(y)
                    .max(0)
                    .min(255);
            r.or(g.lanewise(VectorOperators.LSHL, 8))
                    .or(b.lanewise(VectorOperators.LSHL, 16))
                    .intoArray(packed, 0);
            int at = to + 3 * x;
            for (int i = 0; i < 8; i++) {
                INTS.set(rgb, at + 3 * i, packed[i]); // the fourth byte is the next pixel's
            }
        }
        return x;
    }
}
