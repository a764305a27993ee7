package dev.limbic.preprocess.image.codec;

import dev.limbic.domain.LimbicException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The entropy-coded bits of one scan, a segment between restart markers at a time, without stuffed bytes. Bits are read
 * from {@link #bits} at {@link #at}; {@link #requireBits} notices afterwards that there were not so many, so that what
 * reads between two calls may take at most {@link #SLACK} bytes.
 */
final class JpegEntropy {
    /** More than a block takes: 64 values with a code of 16 and at most 15 bits. */
    static final int SLACK = 264;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final int MARKER = 0xFF;
    private static final int FIRST_RESTART = 0xD0;

    private final byte[] data;
    private int next;
    private int restarts;
    private int end;

    /** The segment's bits, from the highest of each byte; {@link #SLACK} zero bytes follow. */
    final byte[] bits;

    /** Bits taken so far. */
    int at;

    /** @param from where the scan's bits begin in the file */
    JpegEntropy(byte[] data, int from, Scratch scratch) {
        this.data = data;
        next = from;
        bits = scratch.bytes(Scratch.Slot.ENTROPY, data.length - from + SLACK + Long.BYTES);
        unstuff();
    }

    /** The 57 or more bits at a position, from the highest; the rest is zero or what follows. */
    static long window(byte[] bits, int at) {
        return (long) LONGS.get(bits, at >>> 3) << (at & 7);
    }

    /** Takes {@code count} bits, 0 to 32. */
    int take(int count) {
        long window = window(bits, at);
        at += count;
        return (int) (window >>> 1 >>> (63 - count));
    }

    void requireBits() {
        if (at > end) {
            throw new LimbicException.Invalid("JPEG: truncated or damaged: its picture data end too early");
        }
    }

    /** Goes on behind the next restart marker. */
    void restart() {
        int expected = FIRST_RESTART + (restarts++ & 7);
        int marker = next + 1 < data.length ? data[next + 1] & 0xFF : 0;
        if (marker != expected) {
            throw new LimbicException.Invalid("JPEG: truncated or damaged: a restart marker is missing");
        }
        next += 2;
        unstuff();
    }

    /** Where the marker behind the scan is, or the end of the file. */
    int behind() {
        return next;
    }

    private void unstuff() {
        int to = 0;
        int from = next;
        while (from < data.length) {
            int run = from;
            while (run < data.length && data[run] != (byte) MARKER) {
                run++;
            }
            System.arraycopy(data, from, bits, to, run - from);
            to += run - from;
            from = run;
            if (run + 1 >= data.length) {
                break;
            }
            int following = data[run + 1] & 0xFF;
            if (following == 0) {
                bits[to++] = (byte) MARKER;
                from = run + 2;
            } else if (following == MARKER) {
                from = run + 1; // fill byte
            } else {
                break;
            }
        }
        next = from;
        Arrays.fill(bits, to, to + SLACK + Long.BYTES, (byte) 0);
        end = 8 * to;
        at = 0;
    }
}
