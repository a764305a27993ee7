package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.Text;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Legal folders that were once read otherwise than transformers does, or refused: found by {@code
 * src/test/python/sweep_encoders.py}, with what transformers computes in {@code expected.json}.
 */
class OddFoldersTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    static List<Path> folders() throws IOException, URISyntaxException {
        Path all = Path.of(Objects.requireNonNull(OddFoldersTest.class.getResource("/golden-odd"))
                .toURI());
        try (Stream<Path> folders = Files.list(all)) {
            return folders.filter(Files::isDirectory).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void givesWhatTransformersGives(Path odd) throws IOException {
        JsonNode expected = json(odd.resolve("expected.json"));
        JsonNode texts = json(odd.resolve("inputs.json"));
        try (CpuDevice device = new CpuDevice(1);
                Model<Text, Encoding, float[], Emotions> model =
                        Kinds.TEXT.load(new Loading(odd, "odd", device, Precision.F32))) {
            assertThat(model.card().labels()).isEqualTo(strings(expected.path("labels")));
            for (int i = 0; i < texts.size(); i++) {
                Encoding encoding = model.prepare(new Text(texts.get(i).textValue()));
                assertThat(encoding.ids())
                        .as(texts.get(i).textValue())
                        .containsExactly(new ObjectMapper()
                                .convertValue(expected.path("ids").get(i), int[].class));
                float[] logits = model.run(List.of(encoding)).getFirst();
                assertClose(logits, expected.path("logits").get(i));
                assertClose(
                        model.interpret(logits).probabilities(),
                        expected.path("probabilities").get(i));
            }
        }
    }

    @Test
    void leavesOtherHeadsWithAWarning() throws IOException {
        List<String> logged = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                logged.add(entry.getLevel() + " " + MessageFormat.format(entry.getMessage(), entry.getParameters()));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger(OtherHeads.class.getName());
        logger.addHandler(handler);
        try {
            load(withSurplus("lm_head.bias"));
        } finally {
            logger.removeHandler(handler);
        }
        assertThat(logged)
                .containsExactly("WARNING model odd: tensors that BertForSequenceClassification does not use are left"
                        + " out, 1 surplus: lm_head.bias");
    }

    @Test
    void refusesASurplusTensorAmongTheLayers() throws IOException {
        Path path = withSurplus("bert.encoder.layer.0.attention.self.distance_embedding.weight");
        assertThatThrownBy(() -> load(path))
                .isInstanceOf(WeightsException.class)
                .hasMessage(path + ": expected only tensors of the architecture, found 1 surplus:"
                        + " bert.encoder.layer.0.attention.self.distance_embedding.weight");
    }

    @Test
    void saysWhereAModelThatWritesTextBelongs() throws IOException {
        Path path = withSurplus("x");
        ObjectNode config = (ObjectNode) json(path.resolve("config.json"));
        config.putArray("architectures").add("LlamaForCausalLM");
        Files.writeString(path.resolve("config.json"), config.toString());
        assertThatThrownBy(() -> load(path))
                .hasMessageEndingWith("key 'architectures': expected a model of kind text, found 'LlamaForCausalLM'"
                        + " of kind language");
        config.putArray("architectures").add("BertForMaskedLM");
        Files.writeString(path.resolve("config.json"), config.toString());
        assertThatThrownBy(() -> load(path))
                .hasMessageContaining("found 'BertForMaskedLM'; nearest: 'BertForSequenceClassification'");
    }

    /** The golden BERT with one tensor more. */
    private Path withSurplus(String surplus) throws IOException {
        Golden golden = Golden.open("bert");
        for (String name : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
            Files.copy(golden.path().resolve(name), folder.resolve(name));
        }
        ExtraTensor.add(surplus, golden.path().resolve("model.safetensors"), folder.resolve("model.safetensors"));
        return folder;
    }

    private static void load(Path path) {
        try (CpuDevice device = new CpuDevice(1)) {
            Kinds.TEXT.load(new Loading(path, "odd", device, Precision.F32)).close();
        }
    }

    private static void assertClose(float[] found, JsonNode expected) {
        assertThat(found).hasSize(expected.size());
        for (int i = 0; i < found.length; i++) {
            assertThat((double) found[i]).isCloseTo(expected.get(i).doubleValue(), within(1e-4));
        }
    }

    private static List<String> strings(JsonNode list) {
        List<String> values = new ArrayList<>();
        list.forEach(each -> values.add(each.textValue()));
        return values;
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(Files.readString(file));
    }
}
