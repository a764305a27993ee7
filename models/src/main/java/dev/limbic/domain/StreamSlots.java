package dev.limbic.domain;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.IntStream;

/**
 * The places that a model has for what streams keep on its device: one for each stream, which lets it go by {@link
 * StreamState#close}. They outlive a restart of the device, what lies in them does not. Thread-safe; nobody waits for the
 * device here.
 */
public final class StreamSlots {
    /** Places where nobody says how many. */
    public static final int USUAL = 256;

    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(1);

    private final int size;
    private final Deque<Integer> free;

    /** @param size streams at a time, at least one */
    public StreamSlots(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("slots: at least one expected, found " + size);
        }
        this.size = size;
        this.free = new ArrayDeque<>(IntStream.range(0, size).boxed().toList());
    }

    /**
     * A place for a stream that begins.
     *
     * @throws LimbicException.Overloaded if all are taken
     */
    public StreamState open() {
        Integer slot;
        synchronized (free) {
            slot = free.poll();
        }
        if (slot == null) {
            throw new LimbicException.Overloaded(
                    "all %d places for what streams remember are taken (slots of the model)".formatted(size),
                    RETRY_WHEN_FULL);
        }
        return new StreamState(this, slot);
    }

    void free(int slot) {
        synchronized (free) {
            free.add(slot);
        }
    }

    /** How many streams there can be at a time. */
    public int size() {
        return size;
    }

    /** How many more streams could begin now. */
    public int available() {
        synchronized (free) {
            return free.size();
        }
    }
}
