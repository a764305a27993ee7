package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.I;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Products of one or two rows with 64 columns of weights, read once and in the order in which they lie: oneDNN's blocks
 * of 64 columns, in which a 32-bit lane holds two bf16 or four 8-bit weights of one column, one behind the other along
 * K. Vectors must have 16 lanes.
 *
 * <p>Two things keep up with memory, both measured. Each column has several sums that do not wait for one another: with
 * one sum, the latency of its additions holds back the reads behind them (half the rate). And nothing is factored out
 * into methods of our own: a kernel of more than some thirty vector operations reaches the compiler's limit, from which
 * on it inlines only what the vector API itself forces, and each vector becomes a heap object (a tenth of the rate).
 */
final class StreamKernels {
    /** Columns of a block. */
    static final int COLUMNS = 64;

    /** Bytes along K of one column that a lane holds. */
    static final int LANE_BYTES = 4;

    /** All lanes of a block: four vectors side by side. */
    private static final int GROUP_BYTES = COLUMNS * LANE_BYTES;

    /**
     * So many lanes of products fit into 16 bits, of which each takes two: of a nibble with a weight + 128 (up to 15 · 255)
     * and of a nibble with a weight (up to 15 · 127 either way). They lie between −8 · 1905 and 8 · 5730, so they
     * start from {@link #START}.
     */
    private static final int EXACT = 8;

    private static final int START = -16384;

    /** Sums of so many lanes: two of 16 bits a column, for low and for high nibbles. */
    private static final int PART_BYTES = 2 * GROUP_BYTES;

    /** The bf16 with the higher address, as it stands in a lane: an f32. */
    private static final int HIGH = 0xFFFF0000;

    private StreamKernels() {}

    /**
     * One row. y[n] = Σ x[k]·w[n, k]: first the sums of even and of odd k, each in order, then both together.
     *
     * @param x f32 [2·pairs]
     * @param w bf16 [pairs, 64, 2]
     * @param y f32 [64], written
     */
    static void bf16Row(long x, long w, int pairs, long y) {
        IntVector high = IntVector.broadcast(I, HIGH);
        FloatVector aEven0 = FloatVector.zero(F);
        FloatVector aEven1 = aEven0;
        FloatVector aEven2 = aEven0;
        FloatVector aEven3 = aEven0;
        FloatVector aOdd0 = aEven0;
        FloatVector aOdd1 = aEven0;
        FloatVector aOdd2 = aEven0;
        FloatVector aOdd3 = aEven0;
        for (int k = 0; k < pairs; k++) {
            long at = w + (long) GROUP_BYTES * k;
            FloatVector a0 = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + 8L * k));
            FloatVector a1 = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + 8L * k + 4));
            IntVector pair = IntVector.fromMemorySegment(I, Ram.ALL, at, Ram.ORDER);
            FloatVector even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            aEven0 = even.fma(a0, aEven0);
            aOdd0 = odd.fma(a1, aOdd0);
            pair = IntVector.fromMemorySegment(I, Ram.ALL, at + 64, Ram.ORDER);
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            aEven1 = even.fma(a0, aEven1);
            aOdd1 = odd.fma(a1, aOdd1);
            pair = IntVector.fromMemorySegment(I, Ram.ALL, at + 128, Ram.ORDER);
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            aEven2 = even.fma(a0, aEven2);
            aOdd2 = odd.fma(a1, aOdd2);
            pair = IntVector.fromMemorySegment(I, Ram.ALL, at + 192, Ram.ORDER);
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            aEven3 = even.fma(a0, aEven3);
            aOdd3 = odd.fma(a1, aOdd3);
        }
        aEven0.add(aOdd0).intoMemorySegment(Ram.ALL, y, Ram.ORDER);
        aEven1.add(aOdd1).intoMemorySegment(Ram.ALL, y + 64, Ram.ORDER);
        aEven2.add(aOdd2).intoMemorySegment(Ram.ALL, y + 128, Ram.ORDER);
        aEven3.add(aOdd3).intoMemorySegment(Ram.ALL, y + 192, Ram.ORDER);
    }

    /**
     * Two rows, each to the last bit as {@link #bf16Row} computes it.
     *
     * @param x f32 [2, stride bytes]
     * @param y f32 [2, 64], written
     */
    static void bf16Rows(long x, long stride, long w, int pairs, long y) {
        IntVector high = IntVector.broadcast(I, HIGH);
        FloatVector aEven0 = FloatVector.zero(F);
        FloatVector aEven1 = aEven0;
        FloatVector aEven2 = aEven0;
        FloatVector aEven3 = aEven0;
        FloatVector aOdd0 = aEven0;
        FloatVector aOdd1 = aEven0;
        FloatVector aOdd2 = aEven0;
        FloatVector aOdd3 = aEven0;
        FloatVector bEven0 = aEven0;
        FloatVector bEven1 = aEven0;
        FloatVector bEven2 = aEven0;
        FloatVector bEven3 = aEven0;
        FloatVector bOdd0 = aEven0;
        FloatVector bOdd1 = aEven0;
        FloatVector bOdd2 = aEven0;
        FloatVector bOdd3 = aEven0;
        for (int k = 0; k < pairs; k++) {
            long at = w + (long) GROUP_BYTES * k;
            FloatVector a0 = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + 8L * k));
            FloatVector a1 = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + 8L * k + 4));
            FloatVector b0 = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + stride + 8L * k));
            FloatVector b1 = FloatVector.broadcast(F, Ram.ALL.get(Ram.FLOAT, x + stride + 8L * k + 4));
            IntVector pair = IntVector.fromMemorySegment(I, Ram.ALL, at, Ram.ORDER);
            FloatVector even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            aEven0 = even.fma(a0, aEven0);
            aOdd0 = odd.fma(a1, aOdd0);
            bEven0 = even.fma(b0, bEven0);
            bOdd0 = odd.fma(b1, bOdd0);
            pair = IntVector.fromMemorySegment(I, Ram.ALL, at + 64, Ram.ORDER);
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            aEven1 = even.fma(a0, aEven1);
            aOdd1 = odd.fma(a1, aOdd1);
            bEven1 = even.fma(b0, bEven1);
            bOdd1 = odd.fma(b1, bOdd1);
            pair = IntVector.fromMemorySegment(I, Ram.ALL, at + 128, Ram.ORDER);
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            aEven2 = even.fma(a0, aEven2);
            aOdd2 = odd.fma(a1, aOdd2);
            bEven2 = even.fma(b0, bEven2);
            bOdd2 = odd.fma(b1, bOdd2);
            pair = IntVector.fromMemorySegment(I, Ram.ALL, at + 192, Ram.ORDER);
            even = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            odd = pair.lanewise(VectorOperators.AND, high).reinterpretAsFloats();
            aEven3 = even.fma(a0, aEven3);
            aOdd3 = odd.fma(a1, aOdd3);
            bEven3 = even.fma(b0, bEven3);
            bOdd3 = odd.fma(b1, bOdd3);
        }
        aEven0.add(aOdd0).intoMemorySegment(Ram.ALL, y, Ram.ORDER);
        aEven1.add(aOdd1).intoMemorySegment(Ram.ALL, y + 64, Ram.ORDER);
        aEven2.add(aOdd2).intoMemorySegment(Ram.ALL, y + 128, Ram.ORDER);
        aEven3.add(aOdd3).intoMemorySegment(Ram.ALL, y + 192, Ram.ORDER);
        bEven0.add(bOdd0).intoMemorySegment(Ram.ALL, y + GROUP_BYTES, Ram.ORDER);
        bEven1.add(bOdd1).intoMemorySegment(Ram.ALL, y + GROUP_BYTES + 64, Ram.ORDER);
        bEven2.add(bOdd2).intoMemorySegment(Ram.ALL, y + GROUP_BYTES + 128, Ram.ORDER);
        bEven3.add(bOdd3).intoMemorySegment(Ram.ALL, y + GROUP_BYTES + 192, Ram.ORDER);
    }

    /**
     * One row of integers, exactly. The row comes as nibbles: the product of a nibble and a weight is small enough for a
     * few of them to be added in 16 bits, of which a vector has twice as many as of 32. The weights of even k are taken
     * without their sign, which is one instruction less. {@link #int8Sums} does the rest.
     *
     * @param nibbles i16 [4, plane bytes]: two of k a lane, as {@link #nibbles} writes them
     * @param w i8 [lanes, 64, 4]
     * @param parts i16 [⌈lanes/8⌉, 2, 64, 2], written: sums for the low and the high nibbles
     */
    static void int8Row(long nibbles, long plane, long w, int lanes, long parts) {
        ShortVector start = ShortVector.broadcast(ShortVector.SPECIES_512, START);
        ShortVector sign = ShortVector.broadcast(ShortVector.SPECIES_512, 0x0080);
        ShortVector low8 = ShortVector.broadcast(ShortVector.SPECIES_512, 0x00FF);
        long part = parts;
        for (int from = 0; from < lanes; from += EXACT) {
            int to = Math.min(lanes, from + EXACT);
            ShortVector low0 = start;
            ShortVector low1 = start;
            ShortVector low2 = start;
            ShortVector low3 = start;
            ShortVector high0 = start;
            ShortVector high1 = start;
            ShortVector high2 = start;
            ShortVector high3 = start;
            for (int k = from; k < to; k++) {
                long at = w + (long) GROUP_BYTES * k;
                long x = nibbles + 4L * k;
                ShortVector evenLow =
                        IntVector.broadcast(I, Ram.ALL.get(Ram.INT, x)).reinterpretAsShorts();
                ShortVector oddLow =
                        IntVector.broadcast(I, Ram.ALL.get(Ram.INT, x + plane)).reinterpretAsShorts();
                ShortVector evenHigh = IntVector.broadcast(I, Ram.ALL.get(Ram.INT, x + 2 * plane))
                        .reinterpretAsShorts();
                ShortVector oddHigh = IntVector.broadcast(I, Ram.ALL.get(Ram.INT, x + 3 * plane))
                        .reinterpretAsShorts();
                ShortVector four = ShortVector.fromMemorySegment(ShortVector.SPECIES_512, Ram.ALL, at, Ram.ORDER);
                ShortVector even = four.lanewise(VectorOperators.XOR, sign).lanewise(VectorOperators.AND, low8);
                ShortVector odd = four.lanewise(VectorOperators.ASHR, 8);
                low0 = low0.add(even.mul(evenLow)).add(odd.mul(oddLow));
                high0 = high0.add(even.mul(evenHigh)).add(odd.mul(oddHigh));
                four = ShortVector.fromMemorySegment(ShortVector.SPECIES_512, Ram.ALL, at + 64, Ram.ORDER);
                even = four.lanewise(VectorOperators.XOR, sign).lanewise(VectorOperators.AND, low8);
                odd = four.lanewise(VectorOperators.ASHR, 8);
                low1 = low1.add(even.mul(evenLow)).add(odd.mul(oddLow));
                high1 = high1.add(even.mul(evenHigh)).add(odd.mul(oddHigh));
                four = ShortVector.fromMemorySegment(ShortVector.SPECIES_512, Ram.ALL, at + 128, Ram.ORDER);
                even = four.lanewise(VectorOperators.XOR, sign).lanewise(VectorOperators.AND, low8);
                odd = four.lanewise(VectorOperators.ASHR, 8);
                low2 = low2.add(even.mul(evenLow)).add(odd.mul(oddLow));
                high2 = high2.add(even.mul(evenHigh)).add(odd.mul(oddHigh));
                four = ShortVector.fromMemorySegment(ShortVector.SPECIES_512, Ram.ALL, at + 192, Ram.ORDER);
                even = four.lanewise(VectorOperators.XOR, sign).lanewise(VectorOperators.AND, low8);
                odd = four.lanewise(VectorOperators.ASHR, 8);
                low3 = low3.add(even.mul(evenLow)).add(odd.mul(oddLow));
                high3 = high3.add(even.mul(evenHigh)).add(odd.mul(oddHigh));
            }
            low0.intoMemorySegment(Ram.ALL, part, Ram.ORDER);
            low1.intoMemorySegment(Ram.ALL, part + 64, Ram.ORDER);
            low2.intoMemorySegment(Ram.ALL, part + 128, Ram.ORDER);
            low3.intoMemorySegment(Ram.ALL, part + 192, Ram.ORDER);
            high0.intoMemorySegment(Ram.ALL, part + 256, Ram.ORDER);
            high1.intoMemorySegment(Ram.ALL, part + 320, Ram.ORDER);
            high2.intoMemorySegment(Ram.ALL, part + 384, Ram.ORDER);
            high3.intoMemorySegment(Ram.ALL, part + 448, Ram.ORDER);
            part += PART_BYTES;
        }
    }

    /** Bytes of what {@link #int8Row} writes for so many lanes. */
    static long partsBytes(int lanes) {
        return (long) PART_BYTES * Math.ceilDiv(lanes, EXACT);
    }

    /**
     * y[n] = Σ q[k]·w[n, k].
     *
     * @param parts as {@link #int8Row} wrote them
     * @param excess what {@link #excess} found
     * @param y i32 [64], written
     */
    static void int8Sums(long parts, int lanes, int excess, long y) {
        long end = parts + partsBytes(lanes);
        for (int v = 0; v < GROUP_BYTES; v += 4 * VectorMath.LANES) {
            IntVector units = IntVector.broadcast(I, -excess);
            IntVector sixteens = IntVector.zero(I);
            for (long at = parts + v; at < end; at += PART_BYTES) {
                IntVector low = IntVector.fromMemorySegment(I, Ram.ALL, at, Ram.ORDER);
                units = units.add(low.lanewise(VectorOperators.ASHR, 16));
                units = units.add(low.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16));
                IntVector high = IntVector.fromMemorySegment(I, Ram.ALL, at + GROUP_BYTES, Ram.ORDER);
                sixteens = sixteens.add(high.lanewise(VectorOperators.ASHR, 16));
                sixteens = sixteens.add(high.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16));
            }
            units.add(sixteens.lanewise(VectorOperators.LSHL, 4)).intoMemorySegment(Ram.ALL, y + v, Ram.ORDER);
        }
    }

    /**
     * What {@link #int8Row} adds to every column, which is to be taken off: 128 for each of the even k, and where its
     * sums start from.
     *
     * @param nibbles as it takes them
     */
    static int excess(long nibbles, long plane, int lanes) {
        IntVector low = IntVector.zero(I);
        IntVector high = IntVector.zero(I);
        for (int k = 0; k < lanes; k += VectorMath.LANES) {
            long at = nibbles + 4L * k;
            low = low.add(IntVector.fromMemorySegment(I, Ram.ALL, at, Ram.ORDER));
            high = high.add(IntVector.fromMemorySegment(I, Ram.ALL, at + 2 * plane, Ram.ORDER));
        }
        int units = low.reduceLanes(VectorOperators.ADD);
        int sixteens = high.reduceLanes(VectorOperators.ADD);
        int even = (units & 0xFFFF) + (units >>> 16) + 16 * ((sixteens & 0xFFFF) + (sixteens >>> 16));
        return 128 * even + 17 * 2 * START * Math.ceilDiv(lanes, EXACT);
    }

    /**
     * Takes a row of u8 apart for {@link #int8Row}: low nibbles of the even k, of the odd k, then high nibbles likewise.
     *
     * @param q u8 [4·lanes]
     * @param nibbles i16 [4, plane bytes], written up to the next whole vector of each plane
     */
    static void nibbles(long q, int lanes, long nibbles, long plane) {
        IntVector bytes = IntVector.broadcast(I, 0x00FF00FF);
        IntVector four = IntVector.broadcast(I, 0x000F000F);
        for (int k = 0; k < lanes; k += VectorMath.LANES) {
            IntVector v = IntVector.fromMemorySegment(I, Ram.ALL, q + 4L * k, Ram.ORDER);
            IntVector even = v.and(bytes);
            IntVector odd = v.lanewise(VectorOperators.LSHR, 8).and(bytes);
            long at = nibbles + 4L * k;
            even.and(four).intoMemorySegment(Ram.ALL, at, Ram.ORDER);
            odd.and(four).intoMemorySegment(Ram.ALL, at + plane, Ram.ORDER);
            even.lanewise(VectorOperators.LSHR, 4).and(four).intoMemorySegment(Ram.ALL, at + 2 * plane, Ram.ORDER);
            odd.lanewise(VectorOperators.LSHR, 4).and(four).intoMemorySegment(Ram.ALL, at + 3 * plane, Ram.ORDER);
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
