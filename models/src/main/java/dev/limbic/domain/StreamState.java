package dev.limbic.domain;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What a model remembers of one stream: a place on the device, from {@link StreamSlots#open} until {@link #close}.
 *
 * <p>The place is free for another stream as soon as this one is closed, also while frames of this one still wait. That is
 * safe because one thread runs the batches, one after the other, and looks at {@link #slot} once when a batch begins. Either
 * the stream is closed then, and its frames are read without touching the place. Or it is not; then the next stream in its
 * place begins later, and its frames come in a later batch.
 */
public final class StreamState implements AutoCloseable {
    /** The slot of a stream that has none any more. */
    public static final int NONE = -1;

    private final StreamSlots slots;
    private final AtomicInteger slot;

    private @Nullable Object keeper;

    StreamState(StreamSlots slots, int slot) {
        this.slots = slots;
        this.slot = new AtomicInteger(slot);
    }

    /** Whether it is one of these. */
    public boolean isOf(StreamSlots those) {
        return slots == those;
    }

    /** Its place, counted from 0; {@link #NONE} when it is closed. */
    public int slot() {
        return slot.get();
    }

    /**
     * Where the state lies, as {@link #keptBy} said last; null before the first frame. Only for the thread that owns the
     * device.
     */
    public @Nullable Object keeper() {
        return keeper;
    }

    /** Says where the state lies from now on. Only for the thread that owns the device. */
    public void keptBy(Object where) {
        keeper = where;
    }

    /** Forgets the stream, and gives its place back. May be called from any thread, any number of times. */
    @Override
    public void close() {
        int held = slot.getAndSet(NONE);
        if (held != NONE) {
            slots.free(held);
        }
    }
}
