package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.postprocess.EmotionHead;
import dev.limbic.postprocess.EmotionHead.Fallback;
import dev.limbic.weights.HfDirectory;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadConfigTest {
    private static final String MULTI =
            "{\"id2label\":{\"0\":\"joy\",\"1\":\"grief\"},\"problem_type\":\"multi_label_classification\"";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    @Test
    void readsOurSection() {
        try (HfDirectory directory =
                HfDirectory.open(Golden.open("recurrent-lstm-bi").path())) {
            HeadConfig found = HeadConfig.of(directory.config());
            assertThat(found.labels()).containsExactly("admiration", "amusement", "grief", "neutral");
            assertThat(found.multiLabel()).isTrue();
            assertThat(found.temperature()).isEqualTo(1.5);
            assertThat(found.thresholds()).containsExactly(0.5, 0.5, 0.2, 0.5);
            assertThat(found.fallback()).isEqualTo(Fallback.ARGMAX);
            assertThat(found.taxonomy().name()).isEqualTo("goemotions-28");
            EmotionHead head = found.head();
            assertThat(head.labels()).isEqualTo(found.labels());
            assertThat(head.interpret(new float[] {-9, -9, -1.8f, -9}).predicted())
                    .containsExactly(2);
        }
    }

    @Test
    void doesWithoutIt() throws IOException {
        HeadConfig found = read("{\"id2label\":{\"1\":\"Happy\",\"0\":\"Sad\"}}");
        assertThat(found.labels()).containsExactly("Sad", "Happy");
        assertThat(found.multiLabel()).isFalse();
        assertThat(found.temperature()).isEqualTo(1);
        assertThat(found.thresholds()).containsExactly(0.5, 0.5);
        assertThat(found.fallback()).isEqualTo(Fallback.NONE);
        assertThat(found.taxonomy().name()).isEqualTo("fer-7");
        assertThat(read(MULTI + ",\"limbic\":{}}").taxonomy().name()).isEqualTo("goemotions-28");
        assertThat(read(MULTI + ",\"limbic\":{\"taxonomy\":\"none\"}}")
                        .taxonomy()
                        .name())
                .isEqualTo("none");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"taxonomy":"ekman"}          | key 'limbic.taxonomy': expected one of goemotions-28, ekman-7, emotion-6, fer-7, fer-8, ravdess-8, none, found 'ekman'
            {"temperature":0}             | key 'limbic.temperature': expected a number in 0.01…100.0, found number 0
            {"temperature":"1"}           | key 'limbic.temperature': expected a number in 0.01…100.0, found string 1
            {"thresholds":{"joy":1.01}}   | key 'limbic.thresholds.joy': expected a number in 0.0…1.0, found number 1.01
            {"thresholds":{"joy":-0.01}}  | key 'limbic.thresholds.joy': expected a number in 0.0…1.0, found number -0.01
            {"thresholds":{"sad":0.1}}    | key 'limbic.thresholds.sad': expected a label out of [joy, grief], found an unknown one
            {"thresholds":[0.1]}          | key 'limbic.thresholds': expected an object, found array
            {"fallback":"max"}            | key 'limbic.fallback': expected one of none, argmax, found 'max'
            {"treshold":{}}               | key 'limbic.treshold': expected only the keys taxonomy, temperature, thresholds, fallback, found this one
            """)
    void refusesAWrongSection(String section, String message) {
        assertThatThrownBy(() -> read(MULTI + ",\"limbic\":" + section + "}"))
                .isInstanceOf(WeightsException.class)
                .hasMessage(folder.resolve("config.json") + ": " + message);
    }

    @Test
    void exclusiveLabelsHaveNoThresholds() {
        assertThatThrownBy(() -> read("{\"id2label\":{\"0\":\"joy\"},\"limbic\":{\"thresholds\":{\"joy\":0.1}}}"))
                .hasMessageContaining("expected thresholds only with multi_label_classification");
    }

    private HeadConfig read(String json) throws IOException {
        Files.writeString(folder.resolve("config.json"), json);
        Files.copy(
                Golden.open("bert").path().resolve("model.safetensors"),
                folder.resolve("model.safetensors"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        try (HfDirectory directory = HfDirectory.open(folder)) {
            return HeadConfig.of(directory.config());
        }
    }
}
