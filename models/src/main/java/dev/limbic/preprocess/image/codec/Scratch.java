package dev.limbic.preprocess.image.codec;

import java.util.EnumMap;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Memory that one decoding needs and the next can have again, so that a stream of frames leaves nothing behind but the
 * frames. Contents are whatever was there before. Owned by one thread at a time.
 */
final class Scratch {
    private final EnumMap<Slot, byte[]> bytes = new EnumMap<>(Slot.class);
    private int[] ints = {};
    private short[] coefficients = {};
    private short[] rows = {};

    /** What bytes are for; each has an array of its own. */
    enum Slot {
        PLANE_0,
        PLANE_1,
        PLANE_2,
        PLANE_3,
        ENTROPY
    }

    byte[] bytes(Slot slot, int length) {
        byte[] kept = bytes.get(slot);
        if (kept == null || kept.length < length) {
            kept = new byte[length];
            bytes.put(slot, kept);
        }
        return kept;
    }

    int[] ints(int length) {
        if (ints.length < length) {
            ints = new int[length];
        }
        return ints;
    }

    short[] coefficients(int length) {
        if (coefficients.length < length) {
            coefficients = new short[length];
        }
        return coefficients;
    }

    short[] rows(int length) {
        if (rows.length < length) {
            rows = new short[length];
        }
        return rows;
    }

    private long size() {
        long size = 4L * ints.length + 2L * coefficients.length + 2L * rows.length;
        for (byte[] each : bytes.values()) {
            size += each.length;
        }
        return size;
    }

    /** Scratch that waits for its next use. Thread-safe. */
    static final class Pool {
        /** A frame of 1920 × 1080; what a larger picture took is given back to the collector. */
        private static final long MOST_KEPT = 16 << 20;

        private final ArrayBlockingQueue<Scratch> free =
                new ArrayBlockingQueue<>(Runtime.getRuntime().availableProcessors());

        Scratch take() {
            Scratch scratch = free.poll();
            return scratch == null ? new Scratch() : scratch;
        }

        void giveBack(Scratch scratch) {
            if (scratch.size() <= MOST_KEPT) {
                free.offer(scratch);
            }
        }
    }
}
