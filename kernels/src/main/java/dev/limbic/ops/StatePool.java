package dev.limbic.ops;

import dev.limbic.tensor.Tensor;
import java.util.List;

/**
 * What streams keep on a device from one batch to the next, in f32: each slot belongs to one stream and has a row in every
 * part. Slots are zero at first and after {@link #reset}. Only the thread that owns the device may call; closing twice is
 * harmless, and the pool is closed before its device.
 */
public interface StatePool extends AutoCloseable {
    /** The slot of a row that keeps nothing: it is read as zeros, and what is stored there is gone. */
    int NONE = -1;

    /**
     * How much is kept.
     *
     * @param slots streams at a time, at least one
     * @param widths columns of each part, such as those of a layer's hidden state and of its cells
     */
    record Layout(int slots, List<Integer> widths) {
        public Layout {
            widths = List.copyOf(widths);
            if (slots < 1 || widths.isEmpty() || widths.stream().anyMatch(width -> width < 1)) {
                throw new IllegalArgumentException(
                        "states: at least one slot and parts of at least one column expected, found " + slots
                                + " slots of " + widths);
            }
        }

        /** Numbers in one slot. */
        long numbers() {
            return widths.stream().mapToLong(Integer::longValue).sum();
        }

        /** Bytes of a part of all slots, and of a row of zeros behind them. */
        public long bytes(int part) {
            return Math.multiplyExact(4L * widths.get(part), slots + 1L);
        }

        /** Bytes of all parts. */
        public long bytes() {
            return Math.multiplyExact(4 * numbers(), slots + 1L);
        }

        /** Bytes in front of a part. */
        public long offset(int part) {
            long bytes = 0;
            for (int i = 0; i < part; i++) {
                bytes += bytes(i);
            }
            return bytes;
        }
    }

    Layout layout();

    /**
     * The rows of some slots, one after the other as they are named; {@link #NONE} gives zeros. A slot may be read twice.
     *
     * @return a scratch tensor, f32 [N, width of the part]
     * @throws IllegalArgumentException if there is no such part or slot
     */
    Tensor gather(int part, int[] slots);

    /**
     * Stores rows in some slots; those of {@link #NONE} are dropped.
     *
     * @param rows f32 [N, width of the part]
     * @throws IllegalArgumentException if there is no such part or slot, or a slot is named twice
     */
    void scatter(int part, int[] slots, Tensor rows);

    /**
     * Makes all parts of a slot zero, for the next stream.
     *
     * @throws IllegalArgumentException if there is no such slot
     */
    void reset(int slot);

    @Override
    void close();
}
