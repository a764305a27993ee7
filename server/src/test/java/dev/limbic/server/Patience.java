package dev.limbic.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.BooleanSupplier;

/** Waits for what other threads do. */
public final class Patience {
    private Patience() {}

    /** Waits until something is so, and fails if it is not within 20 s. */
    public static void await(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 4000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(5);
        }
        assertThat(condition.getAsBoolean()).as("within 20 s").isTrue();
    }
}
