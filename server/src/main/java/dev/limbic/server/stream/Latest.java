package dev.limbic.server.stream;

import org.jspecify.annotations.Nullable;

/**
 * Latest wins: one thing is being done at a time; while it is, the newest of those that come waits, and the others are
 * dropped and counted. Nothing that is done is older than what was done before it. Not thread-safe.
 */
final class Latest<T> {
    private @Nullable T current;
    private @Nullable T waiting;
    private int dropped;

    /** Something came; it waits from now on. Returns what it takes the place of, which is dropped, or null. */
    @Nullable
    T offer(T next) {
        T overtaken = waiting;
        waiting = next;
        if (overtaken != null) {
            dropped++;
        }
        return overtaken;
    }

    /** Counts something that was dropped without waiting. */
    void drop() {
        dropped++;
    }

    /** Begins to do what waits and returns it; null if nothing does, or something is being done. */
    @Nullable
    T begin() {
        if (current != null) {
            return null;
        }
        current = waiting;
        waiting = null;
        return current;
    }

    /** What is being done, or null. */
    @Nullable
    T current() {
        return current;
    }

    /** What is being done has ended. */
    void end() {
        current = null;
    }

    /** How many were dropped since this was asked last. */
    int takeDropped() {
        int taken = dropped;
        dropped = 0;
        return taken;
    }

    /** Whether nothing is being done, nor waits. */
    boolean idle() {
        return current == null && waiting == null;
    }
}
