package dev.limbic.server.command;

import dev.limbic.model.ModelCard;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Host;
import dev.limbic.server.runtime.LimbicServer;
import dev.limbic.server.runtime.WarmUp;
import dev.limbic.server.security.GateObserver;
import dev.limbic.server.security.Protection;
import dev.limbic.server.wire.SelfCheck;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code limbic serve}: loads the configured models and serves until it is told to stop. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = "Serves the configured models over gRPC until SIGTERM or Ctrl-C.")
public final class ServeCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Option(names = "--host", paramLabel = "ADDRESS", description = "Address of gRPC and HTTP (grpc.host, http.host).")
    private @Nullable String host;

    @Option(names = "--port", paramLabel = "PORT", description = "Port of gRPC, 0 for any (grpc.port).")
    private @Nullable String port;

    @Option(names = "--http-port", paramLabel = "PORT", description = "Port of HTTP, 0 for any (http.port).")
    private @Nullable String httpPort;

    @Option(names = "--grace", paramLabel = "TIME", description = "Time to finish after SIGTERM (shutdown.grace).")
    private @Nullable String grace;

    @Option(
            names = "--check",
            description = "Starts on free ports, sends each model a request over the wire, and exits.")
    private boolean check;

    @Override
    public Integer call() throws ConfigException, IOException, InterruptedException {
        options.flag("--host", "grpc.host", host);
        options.flag("--host", "http.host", host);
        options.flag("--port", "grpc.port", port);
        options.flag("--http-port", "http.port", httpPort);
        if (check) {
            options.override("--check", "grpc.port", "0");
            options.override("--check", "http.port", "0");
        }
        options.flag("--grace", "shutdown.grace", grace);
        ServerConfig config = options.load();
        requireProtection(config);
        if (check && config.security().isAsked()) {
            withoutSecurity();
            config = options.load();
        }
        Engine engine = new Engine(config.cuda(), step -> System.out.println("  " + step));
        List<Host> hosts = engine.load(config.models());
        WarmUp.run(hosts, config);
        LimbicServer server = LimbicServer.start(config, hosts);
        System.out.println(announcement(config, server));
        System.out.flush();
        if (check) {
            SelfCheck.run(
                    config.grpc().host(), server.grpcPort(), server.catalog().cards());
            server.stop(config.grace());
            System.out.println("  every model answered");
            return 0;
        }
        AtomicInteger exitCode = new AtomicInteger();
        stopOnSignal(server, config.grace(), exitCode::get);
        server.awaitAbandoned(); // or until the signal handler ends the process
        System.err.println("limbic: no device is left to serve on; the log says why");
        exitCode.set(1);
        return 1;
    }

    /** The check has neither a client's certificate nor a token; it talks to itself where nobody else can. */
    private void withoutSecurity() {
        for (String key : List.of("tokens", "tls.certificate", "tls.key", "tls.client-ca")) {
            options.override("--check", "security." + key, "none");
        }
        options.override("--check", "security.tls.client-certificates", "optional");
        options.override("--check", "grpc.host", "127.0.0.1");
        options.override("--check", "http.host", "127.0.0.1");
        System.out.println("  security is sound; the check itself goes over plaintext on 127.0.0.1");
    }

    /** What protects the server is looked at before models are loaded, which takes longer. */
    private static void requireProtection(ServerConfig config) throws ConfigException {
        try {
            Protection.open(LimbicServer.securitySettings(config), GateObserver.NONE, System::nanoTime)
                    .close();
        } catch (IOException e) {
            throw new ConfigException(List.of(String.valueOf(e.getMessage())));
        }
    }

    /** A JVM that ends by a signal exits with 128 + its number; after an orderly stop we say 0 instead. */
    static void stopOnSignal(LimbicServer server, Duration grace, IntSupplier exitCode) {
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("limbic-stop").unstarted(() -> {
                    try {
                        if (!server.stop(grace)) {
                            System.err.println("some work did not finish within " + grace.toMillis() + " ms");
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    } finally {
                        System.out.flush();
                        System.err.flush();
                        Runtime.getRuntime().halt(exitCode.getAsInt());
                    }
                }));
    }

    static String announcement(ServerConfig config, LimbicServer server) {
        StringBuilder text = new StringBuilder();
        for (ModelCard card : server.catalog().cards()) {
            boolean isDefault = server.catalog().isDefault(card);
            text.append(Tables.model(card, isDefault)).append(System.lineSeparator());
        }
        text.append("  gRPC     %s:%d%n".formatted(config.grpc().host(), server.grpcPort()));
        String scheme = config.security().tls() == null ? "http" : "https";
        text.append("  metrics  %s://%s:%d/metrics%n"
                .formatted(scheme, config.http().host(), server.httpPort()));
        text.append(String.format(Locale.ROOT, "  SERVING after %.1f s; Ctrl-C stops", secondsSinceStart()));
        return text.toString();
    }

    /** Since the JVM started; the launcher's own time, when it had to build, is not counted. */
    private static double secondsSinceStart() {
        long start = ManagementFactory.getRuntimeMXBean().getStartTime();
        return (System.currentTimeMillis() - start) / 1000.0;
    }
}
