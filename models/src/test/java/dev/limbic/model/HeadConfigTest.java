package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbic.domain.Affect;
import dev.limbic.domain.Emotions;
import dev.limbic.postprocess.EmotionHead.Fallback;
import dev.limbic.postprocess.Head;
import dev.limbic.weights.HfConfig.ProblemType;
import dev.limbic.weights.HfDirectory;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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
            assertThat(found.problem()).isEqualTo(ProblemType.MULTI_LABEL);
            assertThat(found.temperature()).isEqualTo(1.5);
            assertThat(found.thresholds()).containsExactly(0.5, 0.5, 0.2, 0.5);
            assertThat(found.fallback()).isEqualTo(Fallback.ARGMAX);
            assertThat(found.taxonomy().name()).isEqualTo("goemotions-28");
            Head head = found.head();
            assertThat(head.interpret(new float[] {-9, -9, -1.8f, -9}).predicted())
                    .containsExactly(2);
        }
    }

    @Test
    void doesWithoutIt() throws IOException {
        HeadConfig found = read("{\"id2label\":{\"1\":\"Happy\",\"0\":\"Sad\"}}");
        assertThat(found.labels()).containsExactly("Sad", "Happy");
        assertThat(found.problem()).isEqualTo(ProblemType.SINGLE_LABEL);
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
            {"taxonomy":"ekman"}          | key 'limbic.taxonomy': expected one of goemotions-28, ekman-7, emotion-6, fer-7, fer-8, ravdess-8, semeval-11, pysentimiento-7, plutchik-8, isear-7, iemocap-10, crowdflower-13, sentiment-5, stars-5, none, found 'ekman'
            {"temperature":0}             | key 'limbic.temperature': expected a number in 0.01…100, found number 0
            {"temperature":"1"}           | key 'limbic.temperature': expected a number in 0.01…100, found string 1
            {"thresholds":{"joy":1.01}}   | key 'limbic.thresholds.joy': expected a number in 0…1, found number 1.01
            {"thresholds":{"joy":-0.01}}  | key 'limbic.thresholds.joy': expected a number in 0…1, found number -0.01
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
        assertThatThrownBy(() ->
                        read("{\"id2label\":{\"0\":\"joy\",\"1\":\"x\"},\"limbic\":{\"thresholds\":{\"joy\":0.1}}}"))
                .hasMessageContaining("expected thresholds only with multi_label_classification");
    }

    @Test
    void oneLabelAloneIsIndependent() throws IOException {
        Emotions found = read("{\"id2label\":{\"0\":\"joy\"}}").head().interpret(new float[] {-2});
        assertThat(found.probabilities()[0]).isEqualTo((float) (1 / (1 + Math.exp(2))), within(1e-6f));
        assertThat(found.predicted()).isEmpty();
    }

    @Test
    void regressionIsAffectByTheNamesOfItsLabels() throws IOException {
        String vad =
                "{\"problem_type\":\"regression\",\"id2label\":{\"0\":\"Arousal\",\"1\":\"dominance\",\"2\":\"valence\"}";
        Emotions found = read(vad + "}").head().interpret(new float[] {0.5f, -0.25f, 3});
        assertThat(found.logits()).containsExactly(0.5f, -0.25f, 3);
        assertThat(found.probabilities()).isEmpty();
        assertThat(found.predicted()).isEmpty();
        assertThat(found.canonical()).hasSize(8).containsOnly(0f);
        assertThat(found.affect()).isEqualTo(new Affect(1, 0.5f, -0.25f));
        assertThat(found.intensity()).isEqualTo(1);
        HeadConfig ranged = read(vad + ",\"limbic\":{\"range\":[1,5]}}");
        assertThat(ranged.assumesRange()).isFalse();
        assertThat(read(vad + "}").assumesRange()).isTrue();
        assertThat(ranged.head().mapping()).isEqualTo("affect");
        assertThat(ranged.head().interpret(new float[] {3, 1, 4}).affect()).isEqualTo(new Affect(0.5f, 0, -1));
    }

    @Test
    void regressionWithOtherNamesIsNumbersAlone() throws IOException {
        for (String labels :
                List.of("{}", "{\"id2label\":{\"0\":\"valence\",\"1\":\"score\"}}", "{\"num_labels\":1}")) {
            String rest = labels.equals("{}") ? "}" : "," + labels.substring(1);
            HeadConfig found = read("{\"problem_type\":\"regression\"" + rest);
            float[] logits = {-7, 9};
            Emotions emotions =
                    found.head().interpret(Arrays.copyOf(logits, found.labels().size()));
            assertThat(found.assumesRange()).isFalse();
            assertThat(found.head().mapping()).isEqualTo("none");
            assertThat(emotions.logits()[0]).isEqualTo(-7);
            assertThat(emotions.affect()).isNull();
            assertThat(emotions.intensity()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"range":[5,1]}      | key 'limbic.range': expected the lowest and the highest value, found [5.0, 1.0]
            {"range":[1]}        | key 'limbic.range': expected the lowest and the highest value, found [1.0]
            {"range":5}          | key 'limbic.range': expected a list of numbers, found number 5
            {"temperature":2}    | key 'limbic.temperature': expected only the keys range, found this one
            """)
    void refusesAWrongSectionOfARegression(String section, String message) {
        assertThatThrownBy(() -> read("{\"problem_type\":\"regression\",\"num_labels\":1,\"limbic\":" + section + "}"))
                .isInstanceOf(WeightsException.class)
                .hasMessage(folder.resolve("config.json") + ": " + message);
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
