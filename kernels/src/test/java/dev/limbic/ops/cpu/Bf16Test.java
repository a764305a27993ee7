package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rounding to bf16 bit by bit, in the scalar and in the vector kernel. */
final class Bf16Test {
    private static final int N = 16 * 64 + 5;

    private final long wide = HostMemory.INSTANCE.allocate(4L * N);
    private final long half = HostMemory.INSTANCE.allocate(2L * N);
    private final long back = HostMemory.INSTANCE.allocate(4L * N);

    @AfterEach
    void free() {
        HostMemory.INSTANCE.free(wide);
        HostMemory.INSTANCE.free(half);
        HostMemory.INSTANCE.free(back);
    }

    /** Nearest of the two neighbours by distance in double; equal distances to the even one. */
    private static int nearest(int bits) {
        float value = Float.intBitsToFloat(bits);
        int down = bits >>> 16;
        int up = down + 1;
        // The neighbour above the largest finite bf16 counts as 2^128.
        double low = Math.abs((double) Float.intBitsToFloat(down << 16));
        double high = (up & 0x7FFF) == 0x7F80 ? 0x1p128 : Math.abs((double) Float.intBitsToFloat(up << 16));
        double here = Math.abs((double) value);
        if (here - low == high - here) {
            return (down & 1) == 0 ? down : up;
        }
        return here - low < high - here ? down : up;
    }

    private static void assertRounded(int bits, int actual) {
        float value = Float.intBitsToFloat(bits);
        String what = "%08x (%s) became %04x".formatted(bits, value, actual);
        float result = Float.intBitsToFloat(actual << 16);
        if (Float.isNaN(value)) {
            assertThat(result).as(what).isNaN();
        } else if (Float.isInfinite(value)) {
            assertThat(result).as(what).isEqualTo(value);
        } else {
            assertThat(actual).as(what).isEqualTo(nearest(bits));
        }
    }

    private void check(int[] bits) {
        for (int from = 0; from < bits.length; from += N) {
            int n = Math.min(N, bits.length - from);
            for (int i = 0; i < n; i++) {
                Ram.setInt(wide + 4L * i, bits[from + i]);
            }
            Rows.narrow(wide, half, n);
            for (int i = 0; i < n; i++) {
                assertRounded(bits[from + i], Ram.getShort(half + 2L * i) & 0xFFFF);
                assertRounded(bits[from + i], Rows.bf16(Float.intBitsToFloat(bits[from + i])) & 0xFFFF);
            }
        }
    }

    @Test
    void roundsToNearestEvenAroundEveryBf16() {
        int[] offsets = {0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF};
        int[] bits = new int[0x10000 * offsets.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (i / offsets.length) << 16 | offsets[i % offsets.length];
        }
        check(bits);
    }

    @Test
    void roundsRandomBitPatterns() {
        check(new Random(7).ints(300_000).toArray());
    }

    @Test
    void roundsSpecialValues() {
        check(new int[] {
            0,
            0x80000000,
            1,
            0x80000001,
            0x007FFFFF,
            0x00800000,
            0x7F7FFFFF,
            0xFF7FFFFF,
            0x7F800000,
            0xFF800000,
            0x7F800001,
            0xFF800001,
            0x7FFFFFFF,
            0xFFFFFFFF,
            0x7FC00000,
            0xFFC00000,
            0x7F7F7FFF,
            0x7F7F8000
        });
    }

    @Test
    void widensEveryBf16Exactly() {
        for (int from = 0; from < 0x10000; from += N) {
            int n = Math.min(N, 0x10000 - from);
            for (int i = 0; i < n; i++) {
                Ram.setShort(half + 2L * i, (short) (from + i));
            }
            Rows.convert(DType.BF16, half, DType.F32, back, n);
            for (int i = 0; i < n; i++) {
                assertThat(Ram.getInt(back + 4L * i)).isEqualTo((from + i) << 16);
            }
        }
    }
}
