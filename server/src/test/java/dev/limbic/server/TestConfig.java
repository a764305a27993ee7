package dev.limbic.server;

import dev.limbic.server.config.ServerConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Configurations for servers that run inside tests. */
public final class TestConfig {
    private TestConfig() {}

    /** Free loopback ports and models of these names; the first one is the default. */
    public static ServerConfig of(String... names) {
        List<ServerConfig.ModelConfig> models = java.util.Arrays.stream(names)
                .map(name -> new ServerConfig.ModelConfig(
                        name,
                        Path.of(""),
                        ServerConfig.DeviceChoice.CPU,
                        ServerConfig.PrecisionChoice.F32,
                        name.equals(names[0])))
                .toList();
        return new ServerConfig(
                new ServerConfig.Listen("127.0.0.1", 0),
                new ServerConfig.Listen("127.0.0.1", 0),
                models,
                new ServerConfig.Cuda(0, Path.of("target/kernels").toAbsolutePath(), true),
                new ServerConfig.Batch(2048, 64, 1024, Duration.ZERO),
                new ServerConfig.Limits(16_384, 65_536, 32, 8192, 2048, Duration.ofSeconds(60)),
                2,
                Duration.ofSeconds(10),
                new ServerConfig.Log(ServerConfig.Log.Format.TEXT, ServerConfig.Log.Level.INFO));
    }
}
