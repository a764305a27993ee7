package dev.limbic.domain;

/** An input as a model reads it: what waits for the device. */
public interface Prepared {
    /** What it counts in the budget of a batch, at least 1; the unit is that of the model's kind. */
    int cost();

    /** Whether some of the input was left out. */
    default boolean truncated() {
        return false;
    }
}
