package dev.limbic.server.pipeline;

import java.time.Duration;

/** What goes first when the device is busy: how long a request lets later ones overtake it. */
public enum Priority {
    /** Lets nothing overtake. */
    HIGH(Duration.ZERO),
    /** Lets HIGH requests of the next 50 ms overtake. */
    NORMAL(Duration.ofMillis(50)),
    /** Lets HIGH requests of the next 500 ms overtake, and NORMAL ones of the next 450 ms. */
    LOW(Duration.ofMillis(500));

    private final Duration patience;

    Priority(Duration patience) {
        this.patience = patience;
    }

    /** How much later a request may arrive and still go first. */
    public Duration patience() {
        return patience;
    }
}
