package dev.limbic.server.batch;

import java.time.Duration;

/**
 * How the work of a lane is gathered. What a row costs is counted in the unit of the lane: tokens of text, pixels of
 * pictures.
 *
 * @param maxCost budget of one batch; a single row above it still runs, alone
 * @param maxRows most rows in one batch
 * @param queueRows most rows that may wait; more are refused as overloaded
 * @param maxDelay how long an idle device waits for a batch to fill; zero starts work at once
 */
public record BatchPolicy(int maxCost, int maxRows, int queueRows, Duration maxDelay) {
    public BatchPolicy {
        if (maxCost < 1 || maxRows < 1 || queueRows < 1 || maxDelay.isNegative()) {
            throw new IllegalArgumentException(
                    "bounds must be positive: cost of %d, %d rows, queue of %d rows, delay %s"
                            .formatted(maxCost, maxRows, queueRows, maxDelay));
        }
    }
}
