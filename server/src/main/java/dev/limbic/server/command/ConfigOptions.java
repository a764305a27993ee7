package dev.limbic.server.command;

import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ConfigLoader;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.telemetry.Logs;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that every command with a configuration has. */
final class ConfigOptions {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "Configuration file; '${ROOT-COMMAND-NAME} config' prints one to start from.")
    @Nullable
    Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Overrides one value of the configuration, such as batch.max-rows=16. May be repeated.")
    Map<String, String> values = new LinkedHashMap<>();

    @Option(
            names = "--models-dir",
            paramLabel = "FOLDER",
            description = "Folder that relative model paths start from (models-directory).")
    @Nullable
    String modelsDirectory;

    @Option(names = "--log-format", paramLabel = "FORMAT", description = "text or json (log.format).")
    @Nullable
    String logFormat;

    @Option(names = "--log-level", paramLabel = "LEVEL", description = "error, warn, info or debug (log.level).")
    @Nullable
    String logLevel;

    private final Map<String, String> flags = new LinkedHashMap<>();
    private final Map<String, String> overrides = new LinkedHashMap<>();
    private final Map<String, String> names = new LinkedHashMap<>();

    /** Adds a short form: the value of a key that has a flag of its own. */
    void flag(String name, String key, @Nullable Object value) {
        if (value != null) {
            flags.put(key, value.toString());
            names.put(key, name);
        }
    }

    /** Sets a value whatever anybody else says. */
    void override(String name, String key, String value) {
        overrides.put(key, value);
        names.put(key, name);
    }

    /**
     * Loads the configuration and sets up logging as it says.
     *
     * @throws ConfigException if it cannot be used
     */
    ServerConfig load() throws ConfigException {
        flag("--models-dir", "models-directory", modelsDirectory);
        flag("--log-format", "log.format", logFormat);
        flag("--log-level", "log.level", logLevel);
        values.forEach(flags::putIfAbsent); // the short form of a key is the more particular one
        flags.putAll(overrides);
        ConfigLoader loader = new ConfigLoader();
        ServerConfig config = loader.load(file, flags, names);
        ServerConfig.Log log = config.log();
        Logs.configure(log.format() == ServerConfig.Log.Format.JSON, log.level().name());
        for (String stray : loader.strayVariables()) {
            System.err.println("note: environment variable " + stray);
        }
        return config;
    }
}
