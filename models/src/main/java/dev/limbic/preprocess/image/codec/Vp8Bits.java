package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;

/** The arithmetic decoder of VP8 (RFC 6386, 7) over one partition. Owned by one thread. */
final class Vp8Bits {
    private final byte[] data;
    private final int end;
    private int next;

    /** Bits that were read from the data, of which the lowest {@link #left} and eight more are still to be used. */
    private long value;

    private int range = 254; // less 1
    private int left = -8;
    private boolean over;

    Vp8Bits(byte[] data, int from, int length) {
        this.data = data;
        next = from;
        end = from + length;
    }

    /** A bit that is 0 with a probability of {@code probability} in 256. */
    int bit(int probability) {
        if (left < 0) {
            load();
        }
        int split = (range * probability) >>> 8;
        int bit = (int) (value >>> left) > split ? 1 : 0;
        int rest;
        if (bit != 0) {
            value -= (long) (split + 1) << left;
            rest = range - split;
        } else {
            rest = split + 1;
        }
        int shift = Integer.numberOfLeadingZeros(rest) - 24;
        range = (rest << shift) - 1;
        left -= shift;
        return bit;
    }

    boolean flag() {
        return bit(128) != 0;
    }

    /** An unsigned number, its highest bit first. */
    int number(int bits) {
        int number = 0;
        for (int i = 0; i < bits; i++) {
            number = number << 1 | bit(128);
        }
        return number;
    }

    /** A number with its sign behind it, or 0 if a flag says that it is not there. */
    int optional(int bits) {
        if (!flag()) {
            return 0;
        }
        int number = number(bits);
        return flag() ? -number : number;
    }

    private void load() {
        if (end - next >= 4) {
            value = value << 32 | (PngDecoder.int32(data, next) & 0xFFFFFFFFL);
            next += 4;
            left += 32;
        } else if (next < end) {
            value = value << 8 | (data[next++] & 0xFF);
            left += 8;
        } else {
            value <<= 8;
            left += 8;
            over = true;
        }
    }

    void requireData() {
        if (over) {
            throw new LimbicException.Invalid("WebP: truncated or damaged: its picture data end too early");
        }
    }
}
