package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The bits of a lossless WebP, from the lowest of each byte. Behind the last are zeros. Owned by one thread. */
final class Vp8lBits {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] data;
    private final int end;
    private long at;

    Vp8lBits(byte[] data, int from, int length) {
        this.data = data;
        at = 8L * from;
        end = from + length;
    }

    /** The next 57 or more bits. */
    long window() {
        int from = (int) (at >>> 3);
        if (end - from >= Long.BYTES) {
            return (long) LONGS.get(data, from) >>> (at & 7);
        }
        long window = 0;
        for (int i = from; i < end; i++) {
            window |= (data[i] & 0xFFL) << (8 * (i - from));
        }
        return window >>> (at & 7);
    }

    void skip(int bits) {
        at += bits;
        if (at > 8L * end) {
            throw new LimbicException.Invalid("WebP: truncated or damaged: its picture data end too early");
        }
    }

    /** @param bits 0 to 24 */
    int take(int bits) {
        int value = (int) window() & (1 << bits) - 1;
        skip(bits);
        return value;
    }
}
