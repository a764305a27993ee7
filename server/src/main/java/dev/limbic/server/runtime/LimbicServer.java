package dev.limbic.server.runtime;

import dev.limbic.generate.Scheduler;
import dev.limbic.model.BatchKind;
import dev.limbic.model.BatchKind.Unit;
import dev.limbic.natives.NativeFolder;
import dev.limbic.natives.Scheduling;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.http.HttpServer;
import dev.limbic.server.http.Reply;
import dev.limbic.server.http.Route;
import dev.limbic.server.pipeline.Catalog;
import dev.limbic.server.pipeline.Served;
import dev.limbic.server.pipeline.ServedLanguage;
import dev.limbic.server.security.Protection;
import dev.limbic.server.security.SecuritySettings;
import dev.limbic.server.security.Surface;
import dev.limbic.server.telemetry.Logs;
import dev.limbic.server.telemetry.Metrics;
import dev.limbic.server.wire.GrpcServer;
import dev.limbic.server.wire.ModelHealth;
import dev.limbic.server.wire.WireSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running server: devices, gRPC and HTTP, wired together. */
public final class LimbicServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LimbicServer.class);

    private final Metrics metrics;
    private final Protection protection;
    private final Services services;
    private final GrpcServer grpc;
    private final HttpServer http;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final ModelHealth health;
    private final CountDownLatch abandoned = new CountDownLatch(1);
    private volatile boolean serving = true;

    private LimbicServer(ServerConfig config, List<Host> hosts) throws IOException {
        metrics = new Metrics();
        protection = openProtection(config, hosts);
        Observers observers = new Observers(metrics);
        health = new ModelHealth(
                hosts.stream().flatMap(host -> host.names().stream()).toList());
        services = new Services(config, hosts, observers, observers, observers, new DeviceEvents());
        try {
            services.catalog().all().forEach(this::measure);
            metrics.inputsWaiting(services::waiting);
            http = startHttp(config.http());
            grpc = startGrpc(config, observers);
            metrics.calls(grpc::callsOpen, grpc::bytesInFlight, config.limits().maxBytesInFlight());
        } catch (IOException e) {
            services.close();
            protection.close();
            metrics.close();
            throw e;
        }
    }

    private void measure(Served served) {
        metrics.queueDepth(served.name(), served::depth);
        if (served instanceof ServedLanguage language) {
            Scheduler scheduler = language.scheduler();
            metrics.generation(served.name(), scheduler::active, scheduler::blocksInUse, language.blocks());
        }
    }

    private Protection openProtection(ServerConfig config, List<Host> hosts) throws IOException {
        try {
            Protection opened = Protection.open(
                    securitySettings(config), new SecurityEvents(metrics, System::nanoTime), System::nanoTime);
            opened.tls()
                    .ifPresent(identity -> metrics.certificateExpires(
                            () -> identity.get().expires().getEpochSecond()));
            return opened;
        } catch (IOException e) {
            hosts.forEach(Host::close);
            metrics.close();
            throw e;
        }
    }

    /** Who may call a server of this configuration. */
    public static SecuritySettings securitySettings(ServerConfig config) {
        ServerConfig.Security security = config.security();
        ServerConfig.Security.Tls tls = security.tls();
        Set<Surface> open = EnumSet.noneOf(Surface.class);
        if (security.open().health()) {
            open.add(Surface.HEALTH);
        }
        if (security.open().reflection()) {
            open.add(Surface.REFLECTION);
        }
        if (security.open().metrics()) {
            open.add(Surface.METRICS);
        }
        Map<String, String> hosts = new LinkedHashMap<>();
        hosts.put("grpc.host", config.grpc().host());
        hosts.put("http.host", config.http().host());
        return new SecuritySettings(
                hosts,
                security.allowInsecure(),
                tls == null
                        ? null
                        : new SecuritySettings.Tls(
                                tls.certificate(), tls.key(), tls.clientAuthorities(), tls.clientsMust()),
                security.tokens(),
                open,
                security.reloadInterval());
    }

    /**
     * Starts to serve models.
     *
     * @param hosts of all models of the configuration; owned by the server from now on
     * @throws IOException if a port cannot be bound; the message says which and what to do
     */
    public static LimbicServer start(ServerConfig config, List<Host> hosts) throws IOException {
        NativeFolder.announce("io.grpc.netty.shaded.io.netty.native.workdir");
        LimbicServer server = new LimbicServer(config, hosts);
        if (server.services.catalog().all().stream().anyMatch(LimbicServer::takesPictures)) {
            Thread.ofPlatform().name("limbic-warm-up").daemon(true).start(() -> {
                Scheduling.interruptNobody();
                ImageProcessor.warmUp();
            });
        }
        return server;
    }

    private static boolean takesPictures(Served served) {
        return served.kind() instanceof BatchKind<?, ?, ?, ?> kind && kind.unit() == Unit.PIXELS;
    }

    private HttpServer startHttp(ServerConfig.Listen listen) throws IOException {
        try {
            return HttpServer.start(listen.host(), listen.port(), routes(), protection);
        } catch (IOException e) {
            throw cannotListen("http", listen, e);
        }
    }

    private GrpcServer startGrpc(ServerConfig config, Observers observers) throws IOException {
        try {
            return GrpcServer.start(
                    wireSettings(config), services.pipeline(), services.interactions(), health, observers, protection);
        } catch (IOException e) {
            http.close();
            throw cannotListen("grpc", config.grpc(), e);
        }
    }

    private static IOException cannotListen(String key, ServerConfig.Listen listen, IOException cause) {
        return new IOException(
                "cannot listen on %s:%d (%s)".formatted(listen.host(), listen.port(), Unbound.why(key, cause)), cause);
    }

    private static WireSettings wireSettings(ServerConfig config) {
        ServerConfig.Limits limits = config.limits();
        return new WireSettings(
                config.grpc().host(),
                config.grpc().port(),
                limits.maxConnections(),
                limits.maxTextBytes(),
                limits.maxImageBytes(),
                limits.maxMessageBytes(),
                limits.maxInFlightPerStream(),
                limits.maxCalls(),
                limits.maxCallsPerConnection(),
                limits.maxBytesInFlight(),
                limits.keepAlive(),
                config.frames().maxRate(),
                config.frames().maxSubjects());
    }

    /** Paths of the HTTP side; browser pages are added here. */
    private Map<String, Route> routes() {
        Map<String, Route> routes = new LinkedHashMap<>();
        routes.put(
                "/healthz",
                new Route(
                        Surface.HEALTH,
                        () -> serving && health.serves()
                                ? Reply.text(200, "SERVING\n")
                                : Reply.text(503, "NOT_SERVING\n")));
        routes.put(
                "/metrics",
                new Route(
                        Surface.METRICS,
                        () -> new Reply(200, "text/plain; version=0.0.4; charset=utf-8", metrics.scrape())));
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

    /** What is served. */
    public Catalog catalog() {
        return services.catalog();
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
        grpc.drain();
        services.hurry();
        boolean finished = grpc.awaitCalls(grace);
        finished &= services.drain(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        grpc.close();
        http.close();
        protection.close();
        if (finished) {
            services.close();
            metrics.close();
        }
        LOG.atInfo().addKeyValue("finished", finished).log("stopped");
        return finished;
    }

    /** Returns when no model is served any more nor will be, because every device failed for good. */
    public void awaitAbandoned() throws InterruptedException {
        abandoned.await();
    }

    /** Keeps health and logs true to what becomes of devices. */
    private final class DeviceEvents implements DeviceObserver {
        @Override
        public void lost(Host host, Throwable cause) {
            health.set(host.names(), false);
            metrics.deviceLost(host.name());
            LOG.atError()
                    .addKeyValue("device", host.name())
                    .addKeyValue("cause", Logs.redacted(cause))
                    .log("device lost");
        }

        @Override
        public void restored(Host host) {
            health.set(host.names(), true);
            LOG.atWarn().addKeyValue("device", host.name()).log("device opened again");
        }

        @Override
        public void abandoned(Host host) {
            LOG.atError().addKeyValue("device", host.name()).log("device given up; restart the server to try again");
            if (!health.serves()) {
                abandoned.countDown();
            }
        }
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
