package dev.limbic.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.ResponseRules;
import dev.limbic.server.config.ServerConfig.DeviceChoice;
import dev.limbic.server.config.ServerConfig.PrecisionChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigLoaderTest {
    private static final String MODELS = "models-directory: .\nmodels:\n  - name: a\n    path: a\n";

    @TempDir
    private Path folder = Path.of("");

    private final Map<String, String> environment = new HashMap<>();
    private final Map<String, String> flags = new HashMap<>();

    @BeforeEach
    void layOutModels() throws IOException {
        environment.put("LIMBIC_HOME", folder.toString());
        Files.createDirectories(folder.resolve("models/starter/emotion-lstm"));
        Files.createDirectories(folder.resolve("models/starter/emotion-bert"));
        Files.createDirectories(folder.resolve("models/starter/dialogue-gpt"));
        Files.createDirectories(folder.resolve("models/starter/face-expression"));
        Files.createDirectories(folder.resolve("models/starter/avatar-expression"));
        Files.createDirectories(folder.resolve("models/starter/avatar-video"));
        Files.createDirectories(folder.resolve("models/starter/face-finder"));
        Files.createDirectories(folder.resolve("a"));
        Files.createDirectories(folder.resolve("b"));
    }

    private ServerConfig load(@Nullable String yaml) throws ConfigException {
        Path file = null;
        if (yaml != null) {
            file = folder.resolve("my.yaml");
            try {
                Files.writeString(file, yaml);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        return new ConfigLoader(environment).load(file, flags, Map.of("grpc.port", "--port"));
    }

    private String problems(@Nullable String yaml) {
        ConfigException thrown = catchThrowableOfType(ConfigException.class, () -> load(yaml));
        assertThat(thrown).as("a configuration that must be refused").isNotNull();
        return String.valueOf(thrown.getMessage()).replace(folder + "/", "");
    }

    @Test
    void aCacheIsReadAndBuiltInModelsAreLeftOutWhereTheyAreNotFound() throws ConfigException, IOException {
        ServerConfig.ModelConfig builtIn = load(null).models().getLast();
        assertThat(builtIn.path()).isEqualTo(folder.resolve("models/starter/dialogue-gpt"));
        assertThat(builtIn.cacheBytes()).isEqualTo(64L << 20);
        String two = """
                models-directory: .
                models:
                  - {name: x, path: a, cache: 8GiB}
                  - {name: y, path: b, cache: 1MiB, slots: 7, default: true}
                """;
        assertThat(load(two).models().getFirst().cacheBytes()).isEqualTo(8L << 30);
        assertThat(load(two).models()).extracting(each -> each.slots()).containsExactly(256, 7);
        assertThat(load(two).models()).extracting(each -> each.isDefault()).containsExactly(false, true);
        assertThat(problems(two.replace("name: y", "name: x"))).contains("'x' is the name of two models");
        assertThat(problems(two.replace("path: b", "path: gone"))).contains("is not a folder");
        assertThat(load(two.replace(", cache: 8GiB", "")).models().getFirst().cacheBytes())
                .isEqualTo(256L << 20);
        Files.delete(folder.resolve("models/starter/dialogue-gpt"));
        assertThat(load(null).models())
                .extracting(each -> each.name())
                .containsExactly(
                        "emotion-lstm",
                        "emotion-bert",
                        "face-expression",
                        "avatar-expression",
                        "avatar-video",
                        "face-finder");
        assertThat(problems("models-directory: a\n")).contains("a holds none of the built-in models");
    }

    @Test
    void strategiesAreReadFromAFileOfTheirOwn() throws ConfigException, IOException {
        ResponseRules builtIn = load(null).dialogue().strategies();
        assertThat(builtIn.rules()).hasSize(CanonicalEmotion.values().length);
        assertThat(builtIn.rules().getFirst().name()).isEqualTo("mirror");
        String own = """
                memory: 0
                threshold: 1
                strategies:
                  - {name: calm, hears: neutral, emotion: joy, intensity: 0.5, mirrors: true, lines: [Yes.]}
                """;
        Path file = folder.resolve("own.yaml");
        Files.writeString(file, own);
        String config = "dialogue: {strategies: own.yaml}\n";
        ResponseRules.Rule rule = load(config).dialogue().strategies().rules().getFirst();
        assertThat(rule)
                .isEqualTo(new ResponseRules.Rule(
                        "calm", CanonicalEmotion.NEUTRAL, CanonicalEmotion.JOY, 0.5, true, "", List.of("Yes.")));
        Files.writeString(file, own.replace("hears: neutral", "hears: sadnes"));
        assertThat(problems(config))
                .contains("own.yaml:4: strategies[].hears: 'sadnes' is not valid, did you mean 'sadness'?");
        Files.writeString(file, own.replace("hears: neutral", "hears: sadness"));
        assertThat(problems(config)).contains("no strategy hears neutral");
        Files.writeString(file, own.replace("0.5", "5").replace("[Yes.]", "[]"));
        assertThat(problems(config)).contains("0 to 1 is valid").contains("a list of 1 to 64 lines");
        Files.writeString(file, own.replace("threshold", "treshold"));
        assertThat(problems(config)).contains("unknown key 'treshold'").contains("'threshold' is missing");
        Files.delete(file);
        assertThat(problems(config)).contains("own.yaml");
    }

    @Test
    void securityIsReadWithPathsBesideTheFile() throws ConfigException {
        assertThat(load(null).security()).isEqualTo(ServerConfig.Security.NONE);
        assertThat(load("""
                security:
                  tokens: clients
                  tls: {certificate: tls/a.pem, key: /k/a.key, client-ca: ca.pem, client-certificates: required}
                  open: {health: true, metrics: true}
                  allow-insecure: true
                  reload-interval: 1m
                """).security())
                .isEqualTo(new ServerConfig.Security(
                        folder.resolve("clients"),
                        new ServerConfig.Security.Tls(
                                folder.resolve("tls/a.pem"), Path.of("/k/a.key"), folder.resolve("ca.pem"), true),
                        new ServerConfig.Security.Open(true, false, true),
                        true,
                        Duration.ofMinutes(1)));
        environment.put("LIMBIC_SECURITY_ALLOW_INSECURE", "true");
        environment.put("LIMBIC_SECURITY_OPEN_HEALTH", "true");
        assertThat(load(null).security().allowInsecure()).isTrue();
        assertThat(load(null).security().open().health()).isTrue();
    }

    @Test
    void theBuiltInFileIsValidAndComplete() throws ConfigException {
        ServerConfig config = load(null);
        assertThat(config.grpc()).isEqualTo(new ServerConfig.Listen("127.0.0.1", 50051));
        assertThat(config.http().port()).isEqualTo(8080);
        assertThat(config.models())
                .extracting(each -> each.name())
                .containsExactly(
                        "emotion-lstm",
                        "emotion-bert",
                        "face-expression",
                        "avatar-expression",
                        "avatar-video",
                        "face-finder",
                        "dialogue-gpt");
        assertThat(config.models().getFirst().isDefault()).isTrue();
        assertThat(config.models().get(1).path()).isEqualTo(folder.resolve("models/starter/emotion-bert"));
        assertThat(config.models().get(1).device()).isEqualTo(DeviceChoice.AUTO);
        assertThat(config.models().get(1).precision()).isEqualTo(PrecisionChoice.AUTO);
        assertThat(config.batch()).isEqualTo(new ServerConfig.Batch(2048, 1 << 20, 64, 1024, Duration.ZERO));
        assertThat(config.limits().maxTextBytes()).isEqualTo(16 * 1024);
        assertThat(config.limits().maxMessageBytes()).isEqualTo(64 * 1024);
        assertThat(config.grace()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.workers()).isGreaterThanOrEqualTo(2);
        assertThat(config.log())
                .isEqualTo(new ServerConfig.Log(ServerConfig.Log.Format.TEXT, ServerConfig.Log.Level.INFO));
    }

    @Test
    void theBuiltInFileIsAlsoValidAsAUsersFile() throws ConfigException {
        assertThat(load(ConfigLoader.defaults())).isEqualTo(load(null));
    }

    @Test
    void flagsGoBeforeEnvironmentBeforeFileBeforeDefaults() throws ConfigException {
        String yaml = MODELS + "grpc:\n  port: 1\nhttp:\n  port: 1\nbatch:\n  max-rows: 1\n";
        environment.put("LIMBIC_GRPC_PORT", "2");
        environment.put("LIMBIC_HTTP_PORT", "2");
        flags.put("grpc.port", "3");
        ServerConfig config = load(yaml);
        assertThat(config.grpc().port()).isEqualTo(3);
        assertThat(config.http().port()).isEqualTo(2);
        assertThat(config.batch().maxRows()).isEqualTo(1);
        assertThat(config.batch().queueRows()).isEqualTo(1024);
    }

    @Test
    void theFileCanComeFromTheEnvironment() throws IOException, ConfigException {
        Path file = Files.writeString(folder.resolve("other.yaml"), "grpc:\n  port: 7\n");
        environment.put("LIMBIC_CONFIG", file.toString());
        assertThat(load(null).grpc().port()).isEqualTo(7);
    }

    @Test
    void aListOfModelsReplacesTheBuiltInOne() throws ConfigException {
        ServerConfig config = load("""
                models-directory: .
                models:
                  - {name: a, path: a}
                  - {name: b, path: b, device: cpu, precision: int8, default: true}
                """);
        assertThat(config.models())
                .containsExactly(
                        new ServerConfig.ModelConfig(
                                "a", folder.resolve("a"), DeviceChoice.AUTO, PrecisionChoice.AUTO, 256L << 20, false),
                        new ServerConfig.ModelConfig(
                                "b", folder.resolve("b"), DeviceChoice.CPU, PrecisionChoice.INT8, 256L << 20, true));
    }

    @Test
    void anUnknownKeyIsRefusedWithItsLineAndTheNearestKey() {
        assertThat(problems("grpc:\n  host: x\n  prot: 1\n"))
                .isEqualTo("my.yaml:3: unknown key 'grpc.prot', did you mean 'port'?");
        assertThat(problems("\nbtach:\n  max-rows: 1\n"))
                .isEqualTo("my.yaml:2: unknown key 'btach', did you mean 'batch'?");
        assertThat(problems(MODELS + "    precison: f32\n"))
                .isEqualTo("my.yaml:5: unknown key 'models[].precison', did you mean 'precision'?");
        assertThat(problems("grpc:\n  encryption: on\n"))
                .isEqualTo("my.yaml:2: unknown key 'grpc.encryption'; valid here: host, port");
    }

    @Test
    void unknownOverridesAreRefused() {
        flags.put("batch.max-row", "1");
        assertThat(problems(null))
                .isEqualTo("--set batch.max-row: unknown key 'batch.max-row', did you mean 'batch.max-rows'?");
    }

    @Test
    void strayVariablesAreTold() throws ConfigException {
        environment.put("LIMBIC_GRPC_PROT", "1");
        environment.put("LIMBIC_SERVICE_HOST_OF_THE_PLATFORM", "10.0.0.1");
        assertThat(new ConfigLoader(environment).strayVariables())
                .containsExactly("LIMBIC_GRPC_PROT, did you mean LIMBIC_GRPC_PORT?");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    grpc: {port: 70000}             | my.yaml:1: grpc.port: '70000' is out of range; 0 to 65535 is valid
                    grpc: {port: many}              | my.yaml:1: grpc.port: 'many' is not a whole number
                    grpc: 5                         | my.yaml:1: 'grpc' must hold keys, indented below it
                    grpc: {port: [1]}               | my.yaml:1: 'grpc.port' must be a single value
                    grpc: {host: ''}                | my.yaml:1: 'grpc.host' is missing
                    limits: {max-text: 1TB}         | my.yaml:1: limits.max-text: '1TB' is not a size; write bytes or a unit, such as 65536, 64KiB or 1MiB
                    limits: {max-text: 1MiB}        | my.yaml:1: limits.max-text: '1MiB' is more than limits.max-message, so it could not be sent
                    shutdown: {grace: 5}            | my.yaml:1: shutdown.grace: '5' is not a duration; write a unit, such as 250us, 20ms, 10s or 2m
                    frames: {max-rate: 0}           | my.yaml:1: frames.max-rate: '0' is out of range; 0.1 to 1000 is valid
                    frames: {smoothing: {beta: x}}  | my.yaml:1: frames.smoothing.beta: 'x' is not a number
                    shutdown: {grace: 2h}           | my.yaml:1: shutdown.grace: '2h' is out of range; at most 3600 s is valid
                    log: {level: inof}              | my.yaml:1: log.level: 'inof' is not valid, did you mean 'info'?
                    security: {tls: {key: k}}       | my.yaml:1: security.tls.key: 'k' is not enough: certificate and key belong together
                    security: {tls: {client-ca: c}} | my.yaml:1: security.tls.client-ca: 'c' is of no use without security.tls.certificate and its key
                    security: {tls: {certificate: c, key: k, client-ca: a}}       | my.yaml:1: security.tls.client-ca: 'a' lets in everybody without security.tokens; require certificates, or name a file of tokens
                    security: {tls: {client-certificates: required}} | my.yaml:1: security.tls.client-certificates: 'required' needs security.tls.client-ca
                    security: {tokns: x}            | my.yaml:1: unknown key 'security.tokns', did you mean 'tokens'?
                    security: {open: {healt: true}} | my.yaml:1: unknown key 'security.open.healt', did you mean 'health'?
                    models: []                      | my.yaml:1: 'models' must be a list with at least one entry
                    models: [x]                     | my.yaml:1: each entry of 'models' must hold keys
                    grpc: {port: 1, port: 2}        | my.yaml:1: key 'grpc.port' stands twice
                    """)
    void badValuesAreRefusedWithTheirPlace(String yaml, String expected) {
        assertThat(problems(yaml)).isEqualTo(expected);
    }

    @Test
    void badModelsAreRefused() {
        assertThat(problems("models-directory: .\nmodels:\n  - name: a\n"))
                .isEqualTo("my.yaml:3: 'models[].path' is missing");
        assertThat(problems("models-directory: .\nmodels:\n  - name: a\n    path: nowhere\n"))
                .isEqualTo("my.yaml:4: models[].path: 'nowhere' is not a folder: nowhere does not exist");
        assertThat(problems(MODELS + "  - name: a\n    path: b\n"))
                .isEqualTo("my.yaml:5: models[].name: 'a' is the name of two models");
        assertThat(problems(MODELS + "    device: gpu\n"))
                .isEqualTo("my.yaml:5: models[].device: 'gpu' is not valid, did you mean 'cpu'?");
        assertThat(problems(MODELS.replace("name: a", "name: 'a b'")))
                .startsWith("my.yaml:3: models[].name: 'a b' is not a name");
    }

    @Test
    void aBadOverrideIsToldByItsName() {
        environment.put("LIMBIC_BATCH_MAX_ROWS", "0");
        flags.put("grpc.port", "-1");
        assertThat(problems(null).lines())
                .containsExactlyInAnyOrder(
                        "environment LIMBIC_BATCH_MAX_ROWS: batch.max-rows: '0' is out of range; 1 to 65536 is valid",
                        "--port: grpc.port: '-1' is out of range; 0 to 65535 is valid");
    }

    @Test
    void allProblemsAreToldAtOnce() {
        assertThat(problems("grpc:\n  port: x\nlogs:\n  level: info\n").lines()).hasSize(2);
    }

    @Test
    void whatIsNotYamlIsRefusedWithItsLine() {
        assertThat(problems("grpc:\n  port: 1\n bad\n")).startsWith("my.yaml:").contains("not valid YAML");
        assertThat(problems("- just\n- a list\n")).isEqualTo("my.yaml:1: expected 'key: value' lines");
    }

    @Test
    void aMissingFileIsRefused() {
        ConfigException thrown = catchThrowableOfType(
                ConfigException.class,
                () -> new ConfigLoader(environment).load(folder.resolve("none.yaml"), flags, Map.of()));
        assertThat(thrown).hasMessageContaining("there is no such file");
    }

    @Test
    void anEmptyFileMeansDefaults() throws ConfigException {
        assertThat(load("# nothing\n")).isEqualTo(load(null));
    }
}
