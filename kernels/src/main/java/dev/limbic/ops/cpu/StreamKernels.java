package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.I;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of one or two rows with 64 columns of weights, read once and in the order in which they lie: oneDNN's blocks
 * of 64 columns, in which a 32-bit lane holds one f32, two bf16 or four 8-bit weights of one column, one behind the other
 * along K. Vectors must have 16 lanes, for f32 8 or 16.
 *
 * <p>Nothing is factored out into methods of our own: a kernel of more than some thirty vector operations reaches the
 * compiler's limit, from which on it inlines only what the vector API itself forces, and each vector becomes a heap
 * object (a tenth of the rate).
 */
final class StreamKernels {
    /** Columns of a block. */
    static final int COLUMNS = 64;

    /** The sums of a block's columns, in f32. */
    static final long SUM_BYTES = (long) COLUMNS * Float.BYTES;

    /** Bytes along K of one column that a lane holds. */
    static final int LANE_BYTES = 4;

    /** All lanes of a block: four vectors side by side. */
    private static final int GROUP_BYTES = COLUMNS * LANE_BYTES;

    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_512;

    /** Most lanes of a window of {@link #int8Row}: 255 remainders of a division by 256 still fit into 16 bits. */
    private static final int MOST_LANES = 255;

    /** What {@link #int8Row} writes for a window. */
    private static final int PART_BYTES = 2 * GROUP_BYTES;

    /** The bf16 with the higher address, as it stands in a lane: an f32. */
    private static final int HIGH = 0xFFFF0000;

    private StreamKernels() {}

    /**
     * One row and two blocks of columns, in the order of x86's dot product of bf16: of each pair the odd k, then the even
     * one, each added with one rounding. Two blocks, as the sums of one alone wait for one another so long that it holds
     * back the reads behind them.
     *
     * @param x f32 [2·pairs]
     * @param w bf16 [pairs, 64, 2]
     * @param next the same of the second block
     * @param y f32 [128], written
     */
    static void bf16Row(long x, long w, long next, int pairs, long y) {
        IntVector high = IntVector.broadcast(I, HIGH);
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        FloatVector a7 = a0;
        for (int k = 0; k < pairs; k++) {
            long at = (long) GROUP_BYTES * k;
            FloatVector aEven = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + 8L * k));
            FloatVector aOdd = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + 8L * k + 4));
            IntVector pair = IntVector.fromMemorySegment(I, Ram.ALL, w + at, Ram.ORDER);
            FloatVector odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            FloatVector even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a0 = even.fma(aEven, odd.fma(aOdd, a0));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, w + at + 64, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a1 = even.fma(aEven, odd.fma(aOdd, a1));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, w + at + 128, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a2 = even.fma(aEven, odd.fma(aOdd, a2));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, w + at + 192, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a3 = even.fma(aEven, odd.fma(aOdd, a3));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, next + at, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a4 = even.fma(aEven, odd.fma(aOdd, a4));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, next + at + 64, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a5 = even.fma(aEven, odd.fma(aOdd, a5));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, next + at + 128, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a6 = even.fma(aEven, odd.fma(aOdd, a6));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, next + at + 192, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a7 = even.fma(aEven, odd.fma(aOdd, a7));
        }
        a0.intoMemorySegment(Ram.ALL, y, Ram.ORDER);
        a1.intoMemorySegment(Ram.ALL, y + 64, Ram.ORDER);
        a2.intoMemorySegment(Ram.ALL, y + 128, Ram.ORDER);
        a3.intoMemorySegment(Ram.ALL, y + 192, Ram.ORDER);
        a4.intoMemorySegment(Ram.ALL, y + 256, Ram.ORDER);
        a5.intoMemorySegment(Ram.ALL, y + 320, Ram.ORDER);
        a6.intoMemorySegment(Ram.ALL, y + 384, Ram.ORDER);
        a7.intoMemorySegment(Ram.ALL, y + 448, Ram.ORDER);
    }

    /**
     * One row and eight vectors of columns, each product added with one rounding: one block, or two where a vector has 16
     * lanes.
     *
     * @param x f32 [n]
     * @param w f32 [n, 64]
     * @param next what lies four vectors of columns further
     * @param y f32 [8·lanes], written
     */
    static void f32Row(long x, long w, long next, int n, long y) {
        long vector = 4L * VectorMath.LANES;
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        FloatVector a7 = a0;
        for (int k = 0; k < n; k++) {
            long at = (long) GROUP_BYTES * k;
            FloatVector a = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + 4L * k));
            a0 = FloatVector.fromMemorySegment(F, Ram.ALL, w + at, Ram.ORDER).fma(a, a0);
            a1 = FloatVector.fromMemorySegment(F, Ram.ALL, w + at + vector, Ram.ORDER)
                    .fma(a, a1);
            a2 = FloatVector.fromMemorySegment(F, Ram.ALL, w + at + 2 * vector, Ram.ORDER)
                    .fma(a, a2);
            a3 = FloatVector.fromMemorySegment(F, Ram.ALL, w + at + 3 * vector, Ram.ORDER)
                    .fma(a, a3);
            a4 = FloatVector.fromMemorySegment(F, Ram.ALL, next + at, Ram.ORDER).fma(a, a4);
            a5 = FloatVector.fromMemorySegment(F, Ram.ALL, next + at + vector, Ram.ORDER)
                    .fma(a, a5);
            a6 = FloatVector.fromMemorySegment(F, Ram.ALL, next + at + 2 * vector, Ram.ORDER)
                    .fma(a, a6);
            a7 = FloatVector.fromMemorySegment(F, Ram.ALL, next + at + 3 * vector, Ram.ORDER)
                    .fma(a, a7);
        }
        a0.intoMemorySegment(Ram.ALL, y, Ram.ORDER);
        a1.intoMemorySegment(Ram.ALL, y + vector, Ram.ORDER);
        a2.intoMemorySegment(Ram.ALL, y + 2 * vector, Ram.ORDER);
        a3.intoMemorySegment(Ram.ALL, y + 3 * vector, Ram.ORDER);
        a4.intoMemorySegment(Ram.ALL, y + 4 * vector, Ram.ORDER);
        a5.intoMemorySegment(Ram.ALL, y + 5 * vector, Ram.ORDER);
        a6.intoMemorySegment(Ram.ALL, y + 6 * vector, Ram.ORDER);
        a7.intoMemorySegment(Ram.ALL, y + 7 * vector, Ram.ORDER);
    }

    /**
     * Two rows and one block of columns, each row to the last bit as {@link #bf16Row} computes it.
     *
     * @param x f32 [2, stride bytes]
     * @param y f32 [2, yStride bytes], of which 64 columns are written
     */
    static void bf16Rows(long x, long stride, long w, int pairs, long y, long yStride) {
        IntVector high = IntVector.broadcast(I, HIGH);
        FloatVector a0 = FloatVector.zero(F);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector b2 = a0;
        FloatVector b3 = a0;
        for (int k = 0; k < pairs; k++) {
            long at = (long) GROUP_BYTES * k;
            FloatVector aEven = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + 8L * k));
            FloatVector aOdd = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + 8L * k + 4));
            FloatVector bEven = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + stride + 8L * k));
            FloatVector bOdd = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + stride + 8L * k + 4));
            IntVector pair = IntVector.fromMemorySegment(I, Ram.ALL, w + at, Ram.ORDER);
            FloatVector odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            FloatVector even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a0 = even.fma(aEven, odd.fma(aOdd, a0));
            b0 = even.fma(bEven, odd.fma(bOdd, b0));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, w + at + 64, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a1 = even.fma(aEven, odd.fma(aOdd, a1));
            b1 = even.fma(bEven, odd.fma(bOdd, b1));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, w + at + 128, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a2 = even.fma(aEven, odd.fma(aOdd, a2));
            b2 = even.fma(bEven, odd.fma(bOdd, b2));
            pair = IntVector.fromMemorySegment(I, Ram.ALL, w + at + 192, Ram.ORDER);
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            a3 = even.fma(aEven, odd.fma(aOdd, a3));
            b3 = even.fma(bEven, odd.fma(bOdd, b3));
        }
        a0.intoMemorySegment(Ram.ALL, y, Ram.ORDER);
        a1.intoMemorySegment(Ram.ALL, y + 64, Ram.ORDER);
        a2.intoMemorySegment(Ram.ALL, y + 128, Ram.ORDER);
        a3.intoMemorySegment(Ram.ALL, y + 192, Ram.ORDER);
        b0.intoMemorySegment(Ram.ALL, y + yStride, Ram.ORDER);
        b1.intoMemorySegment(Ram.ALL, y + yStride + 64, Ram.ORDER);
        b2.intoMemorySegment(Ram.ALL, y + yStride + 128, Ram.ORDER);
        b3.intoMemorySegment(Ram.ALL, y + yStride + 192, Ram.ORDER);
    }

    /**
     * One row of integers: Σ x[k]·w[n, k] over a window of lanes, exactly, in a form that {@link #int8Sums} completes.
     * Both factors have a sign, so that a product with an even k and one with an odd k together fit into 16 bits, of
     * which a vector has twice as many as of 32. Of their sum, {@code sums} keeps what 16 bits hold of it, and
     * {@code coarse} its 256ths, rounded down.
     *
     * @param planes i16 [2, plane bytes], two of k a lane, as {@link #planes} writes them
     * @param w i8 [lanes, 64, 4], without −128
     * @param parts i16 [2, 64, 2], written: sums and coarse
     */
    static void int8Row(long planes, long plane, long w, int from, int to, long parts) {
        ShortVector eight = ShortVector.broadcast(SHORTS, 8);
        ShortVector sum0 = ShortVector.zero(SHORTS);
        ShortVector sum1 = sum0;
        ShortVector sum2 = sum0;
        ShortVector sum3 = sum0;
        ShortVector coarse0 = sum0;
        ShortVector coarse1 = sum0;
        ShortVector coarse2 = sum0;
        ShortVector coarse3 = sum0;
        for (int k = from; k < to; k++) {
            long at = (long) GROUP_BYTES * k;
            ShortVector xEven = IntVector.broadcast(I, Ram.ALL.get(Ram.INT, planes + 4L * k))
                    .reinterpretAsShorts();
            ShortVector xOdd = IntVector.broadcast(I, Ram.ALL.get(Ram.INT, planes + plane + 4L * k))
                    .reinterpretAsShorts();
            ShortVector four = ShortVector.fromMemorySegment(SHORTS, Ram.ALL, w + at, Ram.ORDER);
            ShortVector even = four.lanewise(VectorOperators.LSHL, eight)
                    .lanewise(VectorOperators.ASHR, eight)
                    .mul(xEven);
            ShortVector both =
                    four.lanewise(VectorOperators.ASHR, eight).mul(xOdd).add(even);
            sum0 = sum0.add(both);
            coarse0 = coarse0.add(both.lanewise(VectorOperators.ASHR, eight));
            four = ShortVector.fromMemorySegment(SHORTS, Ram.ALL, w + at + 64, Ram.ORDER);
            even = four.lanewise(VectorOperators.LSHL, eight)
                    .lanewise(VectorOperators.ASHR, eight)
                    .mul(xEven);
            both = four.lanewise(VectorOperators.ASHR, eight).mul(xOdd).add(even);
            sum1 = sum1.add(both);
            coarse1 = coarse1.add(both.lanewise(VectorOperators.ASHR, eight));
            four = ShortVector.fromMemorySegment(SHORTS, Ram.ALL, w + at + 128, Ram.ORDER);
            even = four.lanewise(VectorOperators.LSHL, eight)
                    .lanewise(VectorOperators.ASHR, eight)
                    .mul(xEven);
            both = four.lanewise(VectorOperators.ASHR, eight).mul(xOdd).add(even);
            sum2 = sum2.add(both);
            coarse2 = coarse2.add(both.lanewise(VectorOperators.ASHR, eight));
            four = ShortVector.fromMemorySegment(SHORTS, Ram.ALL, w + at + 192, Ram.ORDER);
            even = four.lanewise(VectorOperators.LSHL, eight)
                    .lanewise(VectorOperators.ASHR, eight)
                    .mul(xEven);
            both = four.lanewise(VectorOperators.ASHR, eight).mul(xOdd).add(even);
            sum3 = sum3.add(both);
            coarse3 = coarse3.add(both.lanewise(VectorOperators.ASHR, eight));
        }
        sum0.intoMemorySegment(Ram.ALL, parts, Ram.ORDER);
        sum1.intoMemorySegment(Ram.ALL, parts + 64, Ram.ORDER);
        sum2.intoMemorySegment(Ram.ALL, parts + 128, Ram.ORDER);
        sum3.intoMemorySegment(Ram.ALL, parts + 192, Ram.ORDER);
        coarse0.intoMemorySegment(Ram.ALL, parts + 256, Ram.ORDER);
        coarse1.intoMemorySegment(Ram.ALL, parts + 320, Ram.ORDER);
        coarse2.intoMemorySegment(Ram.ALL, parts + 384, Ram.ORDER);
        coarse3.intoMemorySegment(Ram.ALL, parts + 448, Ram.ORDER);
    }

    /** Windows of {@link #int8Row} that so many lanes take. */
    static int windows(int lanes) {
        return Math.ceilDiv(lanes, MOST_LANES);
    }

    /** Bytes of what {@link #int8Row} writes for so many windows. */
    static long partsBytes(int windows) {
        return (long) PART_BYTES * windows;
    }

    /**
     * y[n] = Σ (x[k] + 128)·w[n, k].
     *
     * @param parts as {@link #int8Row} wrote them, one window behind the other
     * @param offsets i32 [64]: 128·Σ w[n, k]
     * @param y i32 [64], written
     */
    static void int8Sums(long parts, int windows, long offsets, long y) {
        long end = parts + partsBytes(windows);
        for (int v = 0; v < GROUP_BYTES; v += 4 * VectorMath.LANES) {
            IntVector ones = IntVector.fromMemorySegment(I, Ram.ALL, offsets + v, Ram.ORDER);
            IntVector many = IntVector.zero(I);
            for (long at = parts + v; at < end; at += PART_BYTES) {
                ShortVector coarse = ShortVector.fromMemorySegment(SHORTS, Ram.ALL, at + GROUP_BYTES, Ram.ORDER);
                IntVector rest = ShortVector.fromMemorySegment(SHORTS, Ram.ALL, at, Ram.ORDER)
                        .sub(coarse.lanewise(VectorOperators.LSHL, 8))
                        .reinterpretAsInts();
                IntVector pair = coarse.reinterpretAsInts();
                ones = ones.add(rest.lanewise(VectorOperators.LSHR, 16)).add(rest.and(0xFFFF));
                many = many.add(pair.lanewise(VectorOperators.ASHR, 16))
                        .add(pair.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16));
            }
            ones.add(many.lanewise(VectorOperators.LSHL, 8)).intoMemorySegment(Ram.ALL, y + v, Ram.ORDER);
        }
    }

    /**
     * Takes a row of u8 apart for {@link #int8Row}, less 128: the even k, then the odd ones.
     *
     * @param q u8 [4·lanes]
     * @param planes i16 [2, plane bytes], written up to the next whole vector of each plane
     */
    static void planes(long q, int lanes, long planes, long plane) {
        ShortVector middle = ShortVector.broadcast(SHORTS, (short) 0x8080);
        for (long at = 0; at < 4L * lanes; at += 4L * VectorMath.LANES) {
            ShortVector four = ShortVector.fromMemorySegment(SHORTS, Ram.ALL, q + at, Ram.ORDER)
                    .lanewise(VectorOperators.XOR, middle);
            four.lanewise(VectorOperators.LSHL, 8)
                    .lanewise(VectorOperators.ASHR, 8)
                    .intoMemorySegment(Ram.ALL, planes + at, Ram.ORDER);
            four.lanewise(VectorOperators.ASHR, 8).intoMemorySegment(Ram.ALL, planes + plane + at, Ram.ORDER);
        }
    }

    /**
     * y[n] = sums[n]·scales[n], as oneDNN computes it.
     *
     * @param sums i32 [64], replaced by f32
     * @param scales f32 [64], of which the first {@code n} are meant
     */
    static void scaled(long sums, long scales) {
        for (int i = 0; i < COLUMNS; i += VectorMath.LANES) {
            IntVector sum = IntVector.fromMemorySegment(I, Ram.ALL, sums + 4L * i, Ram.ORDER);
            ((FloatVector) sum.convert(VectorOperators.I2F, 0))
                    .mul(FloatVector.fromMemorySegment(F, Ram.ALL, scales + 4L * i, Ram.ORDER))
                    .intoMemorySegment(Ram.ALL, sums + 4L * i, Ram.ORDER);
        }
    }
}
