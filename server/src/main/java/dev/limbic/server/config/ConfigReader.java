package dev.limbic.server.config;

import dev.limbic.domain.StreamSlots;
import dev.limbic.server.config.ServerConfig.Batch;
import dev.limbic.server.config.ServerConfig.Cuda;
import dev.limbic.server.config.ServerConfig.DeviceChoice;
import dev.limbic.server.config.ServerConfig.Dialogue;
import dev.limbic.server.config.ServerConfig.Frames;
import dev.limbic.server.config.ServerConfig.Generation;
import dev.limbic.server.config.ServerConfig.Limits;
import dev.limbic.server.config.ServerConfig.Listen;
import dev.limbic.server.config.ServerConfig.Log;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.config.ServerConfig.PrecisionChoice;
import dev.limbic.server.config.ServerConfig.Security;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Reads the record tree out of files and overrides, and validates it. */
final class ConfigReader {
    private static final int MIB = 1 << 20;
    private static final long CACHE_BYTES = 256L << 20;

    private final List<String> problems = new ArrayList<>();
    private final Set<String> keys = new LinkedHashSet<>();
    private final Set<String> modelNames = new HashSet<>();
    private final Section root;
    private final String defaultsName;
    private final Path home;
    private final Path fileBase;

    /**
     * @param defaults holds every key
     * @param home what relative paths of the defaults start from
     * @param file the user's
     * @param fileBase what relative paths of the user's file start from
     * @param overrides by full key
     */
    ConfigReader(YamlFile defaults, Path home, YamlFile file, Path fileBase, Map<String, Setting> overrides) {
        Section fallback = new Section("", defaults, defaults.root(), null, Map.of(), problems);
        this.root = new Section("", file, file.root(), fallback, overrides, problems);
        this.defaultsName = defaults.name();
        this.home = home;
        this.fileBase = fileBase;
    }

    /** @throws ConfigException naming every problem */
    ServerConfig read(Map<String, Setting> overrides) throws ConfigException {
        Listen grpc = listen("grpc");
        Listen http = listen("http");
        Security security = security();
        Path modelsDirectory = modelsDirectory();
        List<ModelConfig> models = models(modelsDirectory);
        Generation generation = generation();
        Dialogue dialogue = dialogue();
        Frames frames = frames();
        Cuda cuda = cuda();
        Batch batch = batch();
        Limits limits = limits();
        Section threads = root.section("threads");
        int workers = threads.integer("workers", 0, 1024);
        done(threads);
        Section shutdown = root.section("shutdown");
        Duration grace = shutdown.duration("grace", Duration.ZERO, Duration.ofHours(1));
        done(shutdown);
        Log log = log();
        root.finish();
        keys.add("models-directory");
        refuseUnknown(overrides, keys);
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        int processors = Runtime.getRuntime().availableProcessors();
        return new ServerConfig(
                grpc,
                http,
                security,
                models,
                generation,
                dialogue,
                frames,
                cuda,
                batch,
                limits,
                workers == 0 ? Math.max(2, processors) : workers,
                grace,
                log);
    }

    private void refuseUnknown(Map<String, Setting> overrides, Collection<String> valid) {
        overrides.forEach((key, setting) -> {
            if (!valid.contains(key)) {
                problems.add("%s: unknown key '%s'%s".formatted(setting.place(), key, Nearest.hint(key, valid)));
            }
        });
    }

    private void done(Section section) {
        section.finish();
        keys.addAll(section.askedKeys());
    }

    private Listen listen(String key) {
        Section section = root.section(key);
        Listen listen = new Listen(section.text("host"), section.integer("port", 0, 65_535));
        done(section);
        return listen;
    }

    private Security security() {
        Section section = root.section("security");
        Section tls = section.section("tls");
        Section open = section.section("open");
        Security security = new SecurityReader(section, this::resolve).read(tls, open);
        done(tls);
        done(open);
        done(section);
        return security;
    }

    private Cuda cuda() {
        Section section = root.section("cuda");
        Setting cache = section.require("kernel-cache");
        Cuda cuda = new Cuda(
                section.integer("device", 0, 1024),
                cache.value().equals("auto") ? userCache() : resolve(cache, "cuda.kernel-cache"),
                section.flag("graphs"));
        done(section);
        return cuda;
    }

    /** Where the XDG Base Directory Specification wants what can be computed again. */
    private static Path userCache() {
        String base = System.getenv("XDG_CACHE_HOME");
        Path folder = base != null && base.startsWith("/")
                ? Path.of(base)
                : Path.of(System.getProperty("user.home", "")).resolve(".cache");
        return folder.resolve("limbic").resolve("kernels").toAbsolutePath();
    }

    private Batch batch() {
        Section section = root.section("batch");
        Batch batch = new Batch(
                section.integer("max-tokens", 1, 1 << 24),
                section.integer("max-pixels", 1, 1 << 28),
                section.integer("max-rows", 1, 65_536),
                section.integer("queue-rows", 1, 1 << 20),
                section.duration("max-delay", Duration.ZERO, Duration.ofSeconds(10)));
        done(section);
        return batch;
    }

    private Limits limits() {
        Section section = root.section("limits");
        Limits limits = new Limits(
                section.integer("max-connections", 1, 1 << 20),
                section.bytes("max-text", 1, 16 * MIB),
                section.bytes("max-image", 1, 64 * MIB),
                section.bytes("max-message", 1024, 64 * MIB),
                section.integer("max-in-flight-per-stream", 1, 65_536),
                section.integer("max-calls", 1, 1 << 24),
                section.integer("max-calls-per-connection", 1, 1 << 24),
                section.text("max-bytes-in-flight").equals("auto")
                        ? Runtime.getRuntime().maxMemory() / 4
                        : section.memory("max-bytes-in-flight", MIB, 1L << 40),
                section.duration("keep-alive", Duration.ofSeconds(1), Duration.ofHours(24)));
        if (limits.maxTextBytes() > limits.maxMessageBytes()) {
            section.complain(
                    "max-text",
                    section.require("max-text"),
                    "is more than limits.max-message, so it could not be sent");
        }
        done(section);
        return limits;
    }

    private Log log() {
        Section section = root.section("log");
        Setting format = section.require("format");
        Setting level = section.require("level");
        Log log = new Log(
                format.value().isEmpty() ? Log.Format.TEXT : section.choice("format", Log.Format.class),
                level.value().isEmpty() ? Log.Level.INFO : section.choice("level", Log.Level.class));
        done(section);
        return log;
    }

    private Path modelsDirectory() {
        return resolve(root.require("models-directory"), "models-directory");
    }

    /** Relative to where it was said: beside the file, in the installation, or in the working folder. */
    private Path resolve(Setting setting, String key) {
        Path base = Path.of("");
        if (setting.place().startsWith(root.fileName() + ":")) {
            base = fileBase;
        } else if (setting.place().startsWith(defaultsName + ":")) {
            base = home;
        }
        return resolve(setting, key, base);
    }

    private Path resolve(Setting setting, String key, Path base) {
        try {
            return base.resolve(setting.value()).normalize().toAbsolutePath();
        } catch (InvalidPathException e) {
            problems.add("%s: %s: '%s' is not a path".formatted(setting.place(), key, setting.value()));
            return base;
        }
    }

    private List<ModelConfig> models(Path directory) {
        List<ModelConfig> models = new ArrayList<>();
        for (Section section : root.list("models")) {
            Setting path = section.require("path");
            boolean builtIn = path.place().startsWith(defaultsName + ":");
            if (builtIn && !Files.isDirectory(resolve(path, "models[].path", directory))) {
                continue; // somebody has a models-directory of their own, or an installation without starter models
            }
            models.add(new ModelConfig(
                    name(section),
                    folder(section, path, directory),
                    section.choice("device", DeviceChoice.class),
                    section.choice("precision", PrecisionChoice.class),
                    section.memoryOr("cache", CACHE_BYTES, 1, 1L << 40),
                    section.integerOr("slots", StreamSlots.USUAL, 1, 1 << 16),
                    section.flag("default")));
            section.finish();
        }
        if (models.isEmpty() && problems.isEmpty()) {
            problems.add("models-directory: %s holds none of the built-in models; list your own under models"
                    .formatted(directory));
        }
        return List.copyOf(models);
    }

    private String name(Section section) {
        Setting name = section.require("name");
        if (!name.value().isEmpty() && !name.value().matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            section.complain("name", name, "is not a name; letters, digits, '.', '_' and '-' are valid");
        }
        if (!modelNames.add(name.value())) {
            section.complain("name", name, "is the name of two models");
        }
        return name.value();
    }

    private Path folder(Section section, Setting path, Path directory) {
        Path folder = resolve(path, "models[].path", directory);
        if (!path.value().isEmpty() && !Files.isDirectory(folder)) {
            section.complain("path", path, "is not a folder: " + folder + " does not exist");
        }
        return folder;
    }

    private Generation generation() {
        Section section = root.section("generation");
        Generation generation = new Generation(
                section.integer("max-sequences", 1, 4096),
                section.integer("chunk-tokens", 1, 1 << 16),
                section.integer("queue", 1, 1 << 20));
        done(section);
        return generation;
    }

    private Dialogue dialogue() throws ConfigException {
        Section section = root.section("dialogue");
        Setting file = section.require("strategies");
        YamlFile strategies = file.value().equals("auto")
                ? YamlFile.parse("built-in " + ConfigLoader.STRATEGIES, ConfigLoader.strategies())
                : strategiesIn(file);
        Dialogue dialogue =
                new Dialogue(StrategiesReader.read(strategies, problems), section.integer("max-turns", 2, 1 << 16));
        done(section);
        return dialogue;
    }

    private Frames frames() {
        Section section = root.section("frames");
        Section smoothing = section.section("smoothing");
        Frames frames = new Frames(
                section.decimal("max-rate", 0.1, 1000),
                section.integer("max-subjects", 1, 1024),
                section.duration("forget-after", Duration.ofMillis(100), Duration.ofHours(1)),
                new Frames.Smoothing(smoothing.decimal("min-cutoff", 0.001, 1000), smoothing.decimal("beta", 0, 1000)));
        done(smoothing);
        done(section);
        return frames;
    }

    private YamlFile strategiesIn(Setting file) throws ConfigException {
        Path path = resolve(file, "dialogue.strategies");
        return YamlFile.parse(path.toString(), ConfigLoader.content(path));
    }

    /** Key as an environment variable. */
    static String variable(String key) {
        return "LIMBIC_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }
}
