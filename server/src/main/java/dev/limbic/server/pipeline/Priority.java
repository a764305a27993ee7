package dev.limbic.server.pipeline;

import java.time.Duration;

/**
 * What goes first when the device is busy. Within a priority, requests go in the order of their arrival, except that one
 * whose deadline is nearer than the patience of its priority goes as early as if it had come that much sooner.
 */
public enum Priority {
    /** Before everything else. */
    HIGH(Duration.ZERO),
    /** After HIGH. */
    NORMAL(Duration.ofMillis(50)),
    /** What is left, at least the first row of a batch in eight. */
    LOW(Duration.ofMillis(500));

    private final Duration patience;

    Priority(Duration patience) {
        this.patience = patience;
    }

    /** How much later a request may arrive and still go first; the less, the higher the priority. */
    public Duration patience() {
        return patience;
    }
}
