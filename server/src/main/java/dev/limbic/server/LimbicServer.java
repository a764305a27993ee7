package dev.limbic.server;

import dev.limbic.model.ModelCard;
import dev.limbic.model.TextModel;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.http.HttpServer;
import dev.limbic.server.http.Reply;
import dev.limbic.server.pipeline.Models;
import dev.limbic.server.telemetry.Metrics;
import dev.limbic.server.wire.GrpcServer;
import dev.limbic.server.wire.WireSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running server: devices, gRPC and HTTP, wired together. */
public final class LimbicServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LimbicServer.class);

    private final Metrics metrics;
    private final Devices devices;
    private final GrpcServer grpc;
    private final HttpServer http;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private volatile boolean serving = true;

    private LimbicServer(ServerConfig config, List<TextModel> loaded) throws IOException {
        metrics = new Metrics();
        Observers observers = new Observers(metrics);
        ServerConfig.Batch batch = config.batch();
        BatchPolicy policy = new BatchPolicy(batch.maxTokens(), batch.maxRows(), batch.queueRows(), batch.maxDelay());
        devices = new Devices(loaded, config.defaultModel(), policy, observers);
        try {
            for (Models.Served served : devices.models().all()) {
                metrics.queueDepth(served.name(), served.lane()::depth);
            }
            http = startHttp(config.http());
            grpc = startGrpc(config, observers);
        } catch (IOException e) {
            devices.close();
            metrics.close();
            throw e;
        }
    }

    /**
     * Starts to serve models.
     *
     * @param loaded in the order of the configuration; owned by the server from now on
     * @throws IOException if a port cannot be bound; the message says which and what to do
     */
    public static LimbicServer start(ServerConfig config, List<TextModel> loaded) throws IOException {
        return new LimbicServer(config, loaded);
    }

    private HttpServer startHttp(ServerConfig.Listen listen) throws IOException {
        try {
            return HttpServer.start(listen.host(), listen.port(), routes());
        } catch (IOException e) {
            throw inUse("http", listen, e);
        }
    }

    private GrpcServer startGrpc(ServerConfig config, Observers observers) throws IOException {
        try {
            return GrpcServer.start(wireSettings(config), devices.models(), observers);
        } catch (IOException e) {
            http.close();
            throw inUse("grpc", config.grpc(), e);
        }
    }

    private static IOException inUse(String key, ServerConfig.Listen listen, IOException cause) {
        return new IOException(
                "cannot listen on %s:%d (%s); is another server running? Choose another %s.port, 0 for any"
                        .formatted(listen.host(), listen.port(), cause.getMessage(), key),
                cause);
    }

    private static WireSettings wireSettings(ServerConfig config) {
        ServerConfig.Limits limits = config.limits();
        return new WireSettings(
                config.grpc().host(),
                config.grpc().port(),
                limits.maxTextBytes(),
                limits.maxMessageBytes(),
                limits.maxInFlightPerStream(),
                limits.maxCalls(),
                limits.maxCallsPerConnection(),
                limits.keepAlive(),
                config.workers());
    }

    /** Paths of the HTTP side; browser pages are added here. */
    private Map<String, Supplier<Reply>> routes() {
        Map<String, Supplier<Reply>> routes = new LinkedHashMap<>();
        routes.put("/healthz", () -> serving ? Reply.text(200, "SERVING\n") : Reply.text(503, "NOT_SERVING\n"));
        routes.put("/metrics", () -> new Reply(200, "text/plain; version=0.0.4; charset=utf-8", metrics.scrape()));
        return routes;
    }

    /** Port of the gRPC service. */
    public int grpcPort() {
        return grpc.port();
    }

    /** Port of the HTTP side. */
    public int httpPort() {
        return http.port();
    }

    /** What is served, in order. */
    public List<ModelCard> models() {
        return devices.models().cards();
    }

    /**
     * Stops: health says NOT_SERVING and new work is answered UNAVAILABLE at once, running work may finish within the
     * grace, then ports are closed and devices given back.
     *
     * @return whether everything finished in time; true if the server was stopped before
     */
    public boolean stop(Duration grace) throws InterruptedException {
        if (!stopped.compareAndSet(false, true)) {
            return true;
        }
        long end = System.nanoTime() + grace.toNanos();
        LOG.atInfo().addKeyValue("grace_ms", grace.toMillis()).log("stopping");
        serving = false;
        devices.refuse();
        grpc.drain();
        boolean finished = devices.drain(grace);
        Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
        finished &= grpc.awaitCalls(left);
        grpc.close();
        http.close();
        if (finished) {
            devices.close();
            metrics.close();
        }
        LOG.atInfo().addKeyValue("finished", finished).log("stopped");
        return finished;
    }

    /** Stops without grace. */
    @Override
    public void close() {
        try {
            stop(Duration.ZERO);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
