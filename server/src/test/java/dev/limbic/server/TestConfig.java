package dev.limbic.server;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.ResponseRules;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.security.GateObserver;
import dev.limbic.server.security.Protection;
import dev.limbic.server.security.SecuritySettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Configurations for servers that run inside tests. */
public final class TestConfig {
    /** Joy is mirrored, everything else is answered neutrally. */
    public static final ResponseRules RULES = new ResponseRules(
            0.5,
            0.3,
            List.of(
                    new ResponseRules.Rule(
                            "mirror", CanonicalEmotion.JOY, CanonicalEmotion.JOY, 1, false, "", List.of("Nice!")),
                    new ResponseRules.Rule(
                            "keep",
                            CanonicalEmotion.NEUTRAL,
                            CanonicalEmotion.NEUTRAL,
                            0,
                            false,
                            "",
                            List.of("I see."))));

    private TestConfig() {}

    /** Lets everybody in. */
    public static Protection unprotected() throws IOException {
        return Protection.open(
                new SecuritySettings(Map.of(), false, null, null, Set.of(), Duration.ofSeconds(5)),
                GateObserver.NONE,
                System::nanoTime);
    }

    /** The same with security. */
    public static ServerConfig secured(ServerConfig config, ServerConfig.Security security) {
        return with(config, config.grpc(), security);
    }

    /** The same with gRPC at another place. */
    public static ServerConfig listening(ServerConfig config, ServerConfig.Listen grpc) {
        return with(config, grpc, config.security());
    }

    /** The same with other bounds of batches. */
    public static ServerConfig batching(ServerConfig config, ServerConfig.Batch batch) {
        return with(config, config.grpc(), config.security(), batch);
    }

    private static ServerConfig with(ServerConfig config, ServerConfig.Listen grpc, ServerConfig.Security security) {
        return with(config, grpc, security, config.batch());
    }

    private static ServerConfig with(
            ServerConfig config, ServerConfig.Listen grpc, ServerConfig.Security security, ServerConfig.Batch batch) {
        return new ServerConfig(
                grpc,
                config.http(),
                security,
                config.models(),
                config.generation(),
                config.dialogue(),
                config.frames(),
                config.cuda(),
                batch,
                config.limits(),
                config.workers(),
                config.grace(),
                config.log());
    }

    /** Free loopback ports and models of these names; the first one is the default. */
    public static ServerConfig of(String... names) {
        return of(List.of(names), List.of());
    }

    /** The same with language models. */
    public static ServerConfig of(List<String> names, List<String> languages) {
        List<ServerConfig.ModelConfig> models = Stream.concat(names.stream(), languages.stream())
                .map(name -> new ServerConfig.ModelConfig(
                        name,
                        Path.of(""),
                        ServerConfig.DeviceChoice.CPU,
                        ServerConfig.PrecisionChoice.F32,
                        1 << 20,
                        false))
                .toList();
        return new ServerConfig(
                new ServerConfig.Listen("127.0.0.1", 0),
                new ServerConfig.Listen("127.0.0.1", 0),
                ServerConfig.Security.NONE,
                models,
                new ServerConfig.Generation(8, 64, 32),
                new ServerConfig.Dialogue(RULES, 8),
                new ServerConfig.Frames(60, 16, Duration.ofSeconds(10), new ServerConfig.Frames.Smoothing(1, 0.2)),
                new ServerConfig.Cuda(0, Path.of("target/kernels").toAbsolutePath(), true),
                new ServerConfig.Batch(2048, 1 << 20, 64, 1024, Duration.ZERO),
                new ServerConfig.Limits(
                        256, 16_384, 1 << 20, 65_536, 32, 8192, 2048, 256 << 20, Duration.ofSeconds(60)),
                2,
                Duration.ofSeconds(10),
                new ServerConfig.Log(ServerConfig.Log.Format.TEXT, ServerConfig.Log.Level.INFO));
    }
}
