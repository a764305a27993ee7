package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;

/** One prefix code of a lossless WebP, its codes in order of length and symbol. Immutable. */
final class Vp8lHuffman {
    private static final int LONGEST = 15;
    private static final int FAST_BITS = 8;

    /** By the next bits: length of the code (0–7) and its symbol, 0 for a longer code; for a single symbol that symbol. */
    private final int[] fast;

    /** By length: how many codes. */
    private final int[] counts = new int[LONGEST + 1];

    private final short[] symbols;
    private final boolean single;

    /** @param lengths by symbol, 0 for none */
    Vp8lHuffman(int[] lengths) {
        for (int length : lengths) {
            counts[length]++;
        }
        int used = lengths.length - counts[0];
        counts[0] = 0;
        symbols = new short[used];
        int[] offsets = new int[LONGEST + 2];
        int room = 1;
        for (int length = 1; length <= LONGEST; length++) {
            room = 2 * room - counts[length];
            if (room < 0) {
                throw damaged();
            }
            offsets[length + 1] = offsets[length] + counts[length];
        }
        for (int symbol = 0; symbol < lengths.length; symbol++) {
            if (lengths[symbol] > 0) {
                symbols[offsets[lengths[symbol]]++] = (short) symbol;
            }
        }
        single = used == 1;
        if (used == 0 || (!single && room != 0)) {
            throw damaged();
        }
        fast = single ? new int[] {symbols[0]} : fast();
    }

    private static LimbicException damaged() {
        return new LimbicException.Invalid("WebP: damaged: a prefix code is not complete");
    }

    private int[] fast() {
        int[] table = new int[1 << FAST_BITS];
        int code = 0;
        int index = 0;
        for (int length = 1; length <= FAST_BITS; length++) {
            for (int i = 0; i < counts[length]; i++, index++, code++) {
                int reversed = Integer.reverse(code) >>> (32 - length);
                for (int at = reversed; at < table.length; at += 1 << length) {
                    table[at] = length | symbols[index] << 8;
                }
            }
            code <<= 1;
        }
        return table;
    }

    int next(Vp8lBits bits) {
        if (single) {
            return fast[0];
        }
        long window = bits.window();
        int entry = fast[(int) window & (1 << FAST_BITS) - 1];
        if (entry != 0) {
            bits.skip(entry & 0xFF);
            return entry >> 8;
        }
        int code = 0;
        int first = 0;
        int index = 0;
        for (int length = 1; length <= LONGEST; length++) {
            code |= (int) (window >>> (length - 1)) & 1;
            int count = counts[length];
            if (code - count < first) {
                bits.skip(length);
                return symbols[index + code - first];
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        throw damaged();
    }
}
