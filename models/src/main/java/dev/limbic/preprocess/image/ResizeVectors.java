package dev.limbic.preprocess.image;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The passes of {@link Resizer} in vectors of eight, with the same results to the last bit as the plain ones there, which
 * serve where the processor has no such vectors. Each is compiled on its own.
 */
final class ResizeVectors {
    /** Bytes behind the last sample that are read or written along. */
    static final int SLACK = 8;

    private static final VectorSpecies<Integer> I = IntVector.SPECIES_256;
    private static final VectorSpecies<Byte> B = ByteVector.SPECIES_64;
    private static final int HALF = 1 << (ResizeAxis.BITS - 1);
    private static final VectorShuffle<Integer> SECOND_PIXEL = VectorShuffle.fromValues(I, 3, 4, 5, 6, 7, 0, 1, 2);

    private static final int ROUNDS = 200;
    private static final int CALLS = 200;
    private static final long COMPILED_NANOS = 4000L * CALLS;

    private static volatile boolean compiled;

    private ResizeVectors() {}

    /** Whether the loops are compiled, so that they pay. */
    static boolean compiled() {
        return compiled;
    }

    /** Runs the loops until they are compiled, if the processor has such vectors. */
    static void warmUp() {
        if (compiled || IntVector.SPECIES_PREFERRED.length() < I.length()) {
            return;
        }
        ResizeAxis axis = new ResizeAxis();
        axis.fill(64, 24, 0, 24, ResizeFilter.BILINEAR);
        int[] pairs = pairs(axis, 24, new int[0]);
        byte[] in = new byte[3 * 64 + SLACK];
        byte[] out = new byte[3 * 24 + SLACK];
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < CALLS; i++) {
                horizontal(axis, pairs, in, 0, 24, out, 0);
                vertical(axis.weights, 0, 6, in, 0, 8, 64, out, 0);
            }
            if (System.nanoTime() - start < COMPILED_NANOS) {
                compiled = true;
                return;
            }
        }
    }

    /** Weights for two pixels of RGB at a time: that of the first three times, that of the second three times, 0, 0. */
    static int[] pairs(ResizeAxis axis, int width, int[] scratch) {
        int pairs = (axis.taps + 1) >> 1;
        int[] out = scratch.length < width * pairs * 8 ? new int[width * pairs * 8] : scratch;
        for (int x = 0; x < width; x++) {
            for (int pair = 0; pair < pairs; pair++) {
                int at = (x * pairs + pair) * 8;
                for (int lane = 0; lane < 8; lane++) {
                    int k = 2 * pair + lane / 3;
                    out[at + lane] = lane < 6 && k < axis.counts[x] ? axis.weights[x * axis.taps + k] : 0;
                }
            }
        }
        return out;
    }

    /** A row of RGB, of which up to {@link #SLACK} bytes more are read and written than belong to it. */
    static void horizontal(ResizeAxis axis, int[] weights, byte[] in, int from, int width, byte[] out, int to) {
        int[] starts = axis.starts;
        int[] counts = axis.counts;
        int pairs = (axis.taps + 1) >> 1;
        for (int x = 0; x < width; x++) {
            int at = from + 3 * starts[x];
            int weight = x * pairs * 8;
            IntVector sum = IntVector.zero(I);
            for (int left = counts[x]; left > 0; left -= 2, at += 6, weight += 8) {
                IntVector samples =
                        (IntVector) ByteVector.fromArray(B, in, at).convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
                sum = sum.add(samples.mul(IntVector.fromArray(I, weights, weight)));
            }
            IntVector value = sum.add(sum.rearrange(SECOND_PIXEL))
                    .add(HALF)
                    .lanewise(VectorOperators.ASHR, ResizeAxis.BITS)
                    .max(0)
                    .min(255);
            ((ByteVector) value.convertShape(VectorOperators.I2B, B, 0)).intoArray(out, to + 3 * x);
        }
    }

    /**
     * A row of the result from {@code count} rows.
     *
     * @return how many of {@code length} samples were computed
     */
    static int vertical(
            int[] weights, int weight, int count, byte[] in, int from, int stride, int length, byte[] out, int to) {
        int x = 0;
        for (; x + 8 <= length; x += 8) {
            IntVector sum = IntVector.broadcast(I, HALF);
            for (int k = 0; k < count; k++) {
                IntVector samples = (IntVector) ByteVector.fromArray(B, in, from + k * stride + x)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
                sum = sum.add(samples.mul(weights[weight + k]));
            }
            IntVector value =
                    sum.lanewise(VectorOperators.ASHR, ResizeAxis.BITS).max(0).min(255);
            ((ByteVector) value.convertShape(VectorOperators.I2B, B, 0)).intoArray(out, to + x);
        }
        return x;
    }
}
