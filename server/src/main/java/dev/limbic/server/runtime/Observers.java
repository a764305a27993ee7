package dev.limbic.server.runtime;

import dev.limbic.generate.FinishReason;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.pipeline.ReplyObserver;
import dev.limbic.server.stream.FrameObserver;
import dev.limbic.server.telemetry.Logs;
import dev.limbic.server.telemetry.Metrics;
import dev.limbic.server.wire.WireObserver;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what the rooms say into metrics and log lines, so that no room needs to know telemetry. */
record Observers(Metrics metrics) implements BatchObserver, WireObserver, ReplyObserver, FrameObserver {
    private static final Logger LOG = LoggerFactory.getLogger(Observers.class);

    @Override
    public void ran(String lane, int rows, int cost, long computeNanos) {
        metrics.batchRan(lane, rows, cost, computeNanos);
    }

    @Override
    public void waited(String lane, long queueNanos) {
        metrics.waited(lane, queueNanos);
    }

    @Override
    public void dropped(String lane, BatchObserver.Drop reason) {
        metrics.dropped(lane, reason.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void failed(String lane, int rows, Throwable cause) {
        metrics.batchFailed(lane);
        LOG.atError()
                .addKeyValue("model", lane)
                .addKeyValue("rows", rows)
                .addKeyValue("cause", Logs.redacted(cause))
                .log("batch failed");
    }

    @Override
    public void answered(String method, String model, String status, long nanos) {
        metrics.answered(method, model, status, nanos);
    }

    @Override
    public void replied(String model, FinishReason reason, int tokens, long firstTokenNanos, long totalNanos) {
        metrics.replied(model, reason.name().toLowerCase(Locale.ROOT), tokens, firstTokenNanos, totalNanos);
    }

    @Override
    public void came() {
        metrics.frameCame();
    }

    @Override
    public void dropped(FrameObserver.Drop reason) {
        metrics.frameDropped(reason.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void streamOpened() {
        metrics.streamOpened();
    }

    @Override
    public void streamClosed() {
        metrics.streamClosed();
    }

    @Override
    public void defect(String method, Throwable cause) {
        LOG.atError()
                .addKeyValue("method", method)
                .addKeyValue("cause", Logs.redacted(cause))
                .log("request failed");
    }
}
