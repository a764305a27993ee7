package dev.limbic.server.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Builds the configuration out of four layers, the first that has a value wins: flags, environment, the user's file,
 * the built-in file. The only reader of the environment.
 */
public final class ConfigLoader {
    private static final String DEFAULTS = "limbic.yaml";
    static final String STRATEGIES = "strategies.yaml";
    private static final String FILE_VARIABLE = "LIMBIC_CONFIG";
    /** What Kubernetes sets LIMBIC_GRPC_PORT to when a service is called limbic-grpc. */
    private static final Pattern LINK = Pattern.compile("(tcp|udp|sctp)://.*");

    private static final int MAX_BYTES = 1 << 20;
    private static final String HOME_VARIABLE = "LIMBIC_HOME";

    private final Map<String, String> environment;

    /** Reads the environment of this process. */
    public ConfigLoader() {
        this(System.getenv());
    }

    /** Reads the given environment. */
    public ConfigLoader(Map<String, String> environment) {
        this.environment = environment;
    }

    /** The annotated file with every key at its default. */
    public static String defaults() {
        return builtIn(DEFAULTS);
    }

    /** The annotated file of response strategies that {@code auto} means. */
    public static String strategies() {
        return builtIn(STRATEGIES);
    }

    private static String builtIn(String name) {
        try (InputStream in = Objects.requireNonNull(ConfigLoader.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Folder that holds the installation, by {@code LIMBIC_HOME}, or else the working folder. */
    public Path home() {
        return Path.of(environment.getOrDefault(HOME_VARIABLE, "")).toAbsolutePath();
    }

    /**
     * Loads and validates.
     *
     * @param file the user's, null for the one in {@code LIMBIC_CONFIG}, if any
     * @param flags values by full key, such as {@code grpc.port}; the name of each flag by the same key
     * @throws ConfigException naming every problem with its place
     */
    public ServerConfig load(@Nullable Path file, Map<String, String> flags, Map<String, String> flagNames)
            throws ConfigException {
        Path userFile = file != null ? file : fileOfEnvironment();
        YamlFile defaults = YamlFile.parse("built-in " + DEFAULTS, defaults());
        YamlFile user = userFile == null
                ? new YamlFile("no file", null)
                : YamlFile.parse(userFile.toString(), content(userFile));
        Path fileBase = userFile == null
                ? home()
                : Objects.requireNonNull(userFile.toAbsolutePath().getParent());
        Map<String, Setting> overrides = overridesOfEnvironment(defaults);
        flags.forEach((key, value) ->
                overrides.put(key, new Setting(value, flagNames.getOrDefault(key, "--set " + key))));
        return new ConfigReader(defaults, home(), user, fileBase, overrides).read(overrides);
    }

    private @Nullable Path fileOfEnvironment() throws ConfigException {
        String name = environment.get(FILE_VARIABLE);
        try {
            return name == null || name.isBlank() ? null : Path.of(name);
        } catch (InvalidPathException e) {
            throw new ConfigException(List.of("environment " + FILE_VARIABLE + ": '" + name + "' is not a path"));
        }
    }

    static String content(Path file) throws ConfigException {
        if (!Files.exists(file)) {
            throw new ConfigException(
                    List.of(file + ": there is no such file; './limbic config' prints one to start from"));
        }
        if (Files.isDirectory(file)) {
            throw new ConfigException(List.of(file + ": is a folder; a file is expected"));
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1); // also from a pipe, which has no size
            if (bytes.length > MAX_BYTES) {
                throw new ConfigException(List.of(file + ": is larger than " + MAX_BYTES + " bytes"));
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (IOException e) {
            throw new ConfigException(List.of(file + ": cannot be read as UTF-8 text: " + e.getMessage()));
        }
    }

    /**
     * Variables that name a key. Others that begin with LIMBIC_ are left alone: container platforms add such for a
     * service of this name.
     */
    private Map<String, Setting> overridesOfEnvironment(YamlFile defaults) {
        Map<String, Setting> overrides = new LinkedHashMap<>();
        for (String key : DefaultKeys.of(defaults)) {
            String variable = ConfigReader.variable(key);
            String value = environment.get(variable);
            if (value != null && !LINK.matcher(value).matches()) {
                overrides.put(key, new Setting(value, "environment " + variable));
            }
        }
        return overrides;
    }

    /** Variables of the environment that look like ours and name no key, each with what was probably meant. */
    public List<String> strayVariables() throws ConfigException {
        List<String> variables = new ArrayList<>();
        for (String key : DefaultKeys.of(YamlFile.parse(DEFAULTS, defaults()))) {
            variables.add(ConfigReader.variable(key));
        }
        List<String> stray = new ArrayList<>();
        for (String name : environment.keySet()) {
            boolean known = variables.contains(name) || name.equals(FILE_VARIABLE) || name.equals(HOME_VARIABLE);
            boolean ofPlatform = name.contains("_SERVICE_")
                    || LINK.matcher(environment.get(name)).matches();
            if (name.startsWith("LIMBIC_") && !known && !ofPlatform) {
                Nearest.of(name, variables).ifPresent(near -> stray.add(name + ", did you mean " + near + "?"));
            }
        }
        return stray;
    }
}
