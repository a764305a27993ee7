package dev.limbic.server.batch;

import java.time.Duration;

/**
 * How work is gathered.
 *
 * @param maxTokens token budget of one batch; a single row above it still runs, alone
 * @param maxRows most rows in one batch
 * @param queueRows most rows that may wait per lane; more are refused as overloaded
 * @param maxDelay how long an idle device waits for a batch to fill; zero starts work at once
 */
public record BatchPolicy(int maxTokens, int maxRows, int queueRows, Duration maxDelay) {
    public BatchPolicy {
        if (maxTokens < 1 || maxRows < 1 || queueRows < 1 || maxDelay.isNegative()) {
            throw new IllegalArgumentException("bounds must be positive: %d tokens, %d rows, queue of %d rows, delay %s"
                    .formatted(maxTokens, maxRows, queueRows, maxDelay));
        }
    }
}
