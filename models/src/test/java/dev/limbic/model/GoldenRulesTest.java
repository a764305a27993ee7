package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbic.ops.Device;
import dev.limbic.ops.cpu.CpuDevice;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** With each generation configuration we write what transformers writes; see make_rules_golden.py. */
class GoldenRulesTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private Path folder;

    private static Path golden() {
        try {
            return Path.of(Objects.requireNonNull(GoldenRulesTest.class.getResource("/golden-rules"))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<JsonNode> cases() throws IOException {
        List<JsonNode> cases = new ArrayList<>();
        MAPPER.readTree(Files.readString(golden().resolve("cases.json"))).forEach(cases::add);
        assertThat(cases).hasSizeGreaterThan(20);
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void weWriteWhatTransformersWrites(JsonNode golden) throws IOException {
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(golden().resolve(file), folder.resolve(file));
        }
        Files.writeString(
                folder.resolve("generation_config.json"),
                golden.path("generation_config").toString());
        try (Device device = new CpuDevice(1)) {
            FolderText text = FolderText.of(
                    folder,
                    device,
                    ids(golden.path("prompt")),
                    golden.path("most").intValue());
            assertThat(text.tokens().stream().mapToInt(Integer::intValue).toArray())
                    .as(golden.path("name").asText())
                    .containsExactly(ids(golden.path("tokens")));
        }
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }
}
