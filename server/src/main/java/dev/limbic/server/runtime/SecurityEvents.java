package dev.limbic.server.runtime;

import dev.limbic.server.security.GateObserver;
import dev.limbic.server.security.Refusal;
import dev.limbic.server.security.TokenBucket;
import dev.limbic.server.telemetry.Metrics;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what the gate does, and writes a line for each call that it refuses, as long as they are few. */
final class SecurityEvents implements GateObserver {
    private static final Logger LOG = LoggerFactory.getLogger(SecurityEvents.class);

    /** Whoever is refused more often than that has been heard. */
    private static final int LINES_PER_SECOND = 10;

    private final Metrics metrics;
    private final TokenBucket lines;
    /** Refusals without a line since the last one that got one. */
    private final AtomicLong silent = new AtomicLong();

    SecurityEvents(Metrics metrics, LongSupplier nanoTime) {
        this.metrics = metrics;
        this.lines = new TokenBucket(LINES_PER_SECOND, nanoTime);
    }

    @Override
    public void refused(String client, String peer, String method, Refusal reason) {
        String why = reason.name().toLowerCase(Locale.ROOT);
        metrics.refused(client, why);
        if (lines.take() > 0) {
            silent.incrementAndGet();
            return;
        }
        LOG.atWarn()
                .addKeyValue("client", client)
                .addKeyValue("peer", peer)
                .addKeyValue("method", method)
                .addKeyValue("status", reason.status())
                .addKeyValue("reason", why)
                .addKeyValue("more_before", silent.getAndSet(0))
                .log("call refused");
    }

    @Override
    public void admitted(String client) {
        metrics.clientRequest(client);
    }

    @Override
    public void streams(String client, int change) {
        metrics.clientStreams(client, change);
    }

    @Override
    public void used(String client, int tokens) {
        metrics.clientCost(client, tokens);
    }

    @Override
    public void reloaded(String what) {
        LOG.atInfo().addKeyValue("files", what).log("files changed and are in use");
    }

    @Override
    public void reloadFailed(String what, String reason) {
        LOG.atError()
                .addKeyValue("files", what)
                .addKeyValue("reason", reason)
                .log("files changed and cannot be used; those before stay in use");
    }
}
