package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;

/**
 * One Huffman table of a JPEG (ITU-T T.81, C and F.2.2.3). Immutable.
 *
 * <p>An entry says what a code means, packed: bits of code and value together (0–7), bits of the code (8–15), run of zeros
 * (16–23), bits of the value (24–31). The run of a code that ends a block is {@link #END} plus the upper half of its symbol.
 */
final class JpegHuffman {
    static final int END = 64;
    private static final int FAST_BITS = 10;
    private static final int LONGEST = 16;

    /** Entries of codes of at most {@link #FAST_BITS} bits by what they are followed by; 0 for the start of a longer one. */
    private final int[] fast = new int[1 << FAST_BITS];

    /** By length: one past the last code, aligned to 16 bits. */
    private final int[] limit = new int[LONGEST + 2];

    /** By length: index of a code's entry less the code. */
    private final int[] offset = new int[LONGEST + 1];

    private final int[] entries;

    /**
     * @param data at {@code at} how many codes there are of 1 to 16 bits, then their symbols
     * @param symbols how many; within the array
     * @param dc whether symbols are sizes of differences, not runs and sizes
     */
    JpegHuffman(byte[] data, int at, int symbols, boolean dc) {
        entries = new int[symbols];
        int code = 0;
        int index = 0;
        for (int length = 1; length <= LONGEST; length++) {
            offset[length] = index - code;
            for (int left = data[at + length - 1] & 0xFF; left > 0; left--, index++, code++) {
                if (code >= 1 << length) {
                    throw new LimbicException.Invalid("JPEG: a Huffman table has more codes than fit its lengths");
                }
                int entry = entry(length, data[at + LONGEST + index] & 0xFF, dc);
                entries[index] = entry;
                if (length <= FAST_BITS) {
                    int from = code << (FAST_BITS - length);
                    java.util.Arrays.fill(fast, from, from + (1 << (FAST_BITS - length)), entry);
                }
            }
            limit[length] = code << (LONGEST - length);
            code <<= 1;
        }
        limit[LONGEST + 1] = Integer.MAX_VALUE;
    }

    private static int entry(int length, int symbol, boolean dc) {
        int run = symbol >> 4;
        int size = symbol & 15;
        if (dc) {
            if (symbol > 15) {
                throw new LimbicException.Invalid("JPEG: expected DC differences of at most 15 bits, found " + symbol);
            }
        } else if (size == 0 && run != 15) {
            run += END;
        }
        return length + size | length << 8 | run << 16 | size << 24;
    }

    /** The entry of the code that {@code window} begins with, from its highest bit. */
    int entry(long window) {
        int entry = fast[(int) (window >>> (64 - FAST_BITS))];
        return entry != 0 ? entry : longEntry((int) (window >>> (64 - LONGEST)));
    }

    private int longEntry(int bits) {
        int length = FAST_BITS + 1;
        while (bits >= limit[length]) {
            length++;
        }
        if (length > LONGEST) {
            throw new LimbicException.Invalid(
                    "JPEG: damaged: its picture data hold a code that its tables do not have");
        }
        return entries[offset[length] + (bits >> (LONGEST - length))];
    }
}
