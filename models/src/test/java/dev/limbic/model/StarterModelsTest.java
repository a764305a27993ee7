package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.Text;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.ops.cpu.CpuPrecisions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The shipped models say in Java what they said in PyTorch, where they were trained. */
class StarterModelsTest {
    private static final Path STARTER = Path.of("starter");

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "emotion-lstm, F32, 0.0005",
        "emotion-lstm, BF16, 0.15",
        "emotion-lstm, INT8, 0.25",
        "emotion-bert, F32, 0.0005",
        "emotion-bert, BF16, 0.15",
        "emotion-bert, INT8, 0.25"
    })
    void matchesTheReference(String name, Precision precision, double bound) throws IOException {
        JsonNode reference = new ObjectMapper()
                .readTree(Files.readString(STARTER.resolve(name).resolve("reference.json")));
        assertThat(reference.path("texts")).hasSizeGreaterThan(20);
        assumeTrue(CpuPrecisions.all().contains(precision), "this processor has no instructions for it");
        try (Device device = new CpuDevice(2);
                Model<Text, Encoding, float[], Emotions> model =
                        Kinds.TEXT.load(new Loading(STARTER.resolve(name), name, device, precision))) {
            List<Encoding> batch = new ArrayList<>();
            for (int i = 0; i < reference.path("texts").size(); i++) {
                Encoding encoding =
                        model.prepare(new Text(reference.path("texts").path(i).textValue()));
                List<Integer> expected = new ArrayList<>();
                reference.path("input_ids").path(i).forEach(id -> expected.add(id.intValue()));
                assertThat(encoding.ids())
                        .as("ids of text %d", i)
                        .containsExactly(
                                expected.stream().mapToInt(Integer::intValue).toArray());
                batch.add(encoding);
            }
            float[][] logits = model.run(batch).toArray(float[][]::new);
            for (int i = 0; i < logits.length; i++) {
                JsonNode expected = reference.path("logits").path(i);
                assertThat(logits[i]).hasSize(expected.size());
                for (int l = 0; l < logits[i].length; l++) {
                    assertThat(Math.abs(logits[i][l] - expected.path(l).doubleValue()))
                            .as(
                                    "text %d, label %s: found %s, expected %s",
                                    i, model.card().labels().get(l), logits[i][l], expected.path(l))
                            .isLessThanOrEqualTo(bound);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"emotion-lstm", "emotion-bert"})
    void readsPlainEmotions(String name) {
        try (Device device = new CpuDevice(1);
                Model<Text, Encoding, float[], Emotions> model =
                        Kinds.TEXT.load(new Loading(STARTER.resolve(name), name, device, null))) {
            assertFeels(model, "I love this so much, it makes me really happy!", CanonicalEmotion.JOY);
            assertFeels(model, "I am so angry, I hate this!", CanonicalEmotion.ANGER);
            assertFeels(model, "I miss her so much, it makes me so sad.", CanonicalEmotion.SADNESS);
            assertFeels(model, "I'm terrified, this is really scary.", CanonicalEmotion.FEAR);
            assertFeels(model, "The meeting starts at nine.", CanonicalEmotion.NEUTRAL);
        }
    }

    @SuppressWarnings("EnumOrdinal") // ordinals index the canonical weights, by contract
    private static void assertFeels(
            Model<Text, Encoding, float[], Emotions> model, String text, CanonicalEmotion expected) {
        Emotions emotions = model.interpret(
                model.run(List.of(model.prepare(new Text(text)))).getFirst());
        int strongest = 0;
        for (int e = 1; e < emotions.canonical().length; e++) {
            if (emotions.canonical()[e] > emotions.canonical()[strongest]) {
                strongest = e;
            }
        }
        assertThat(CanonicalEmotion.values()[strongest])
                .as(String.format(Locale.ROOT, "strongest emotion of the test text for %s", expected))
                .isEqualTo(expected);
    }
}
