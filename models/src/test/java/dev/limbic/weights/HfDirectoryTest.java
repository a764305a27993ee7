package dev.limbic.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HfDirectoryTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    @Test
    void readsTypedKeys() throws IOException {
        HfConfig config = config("""
                {"architectures":["BertForSequenceClassification"],"hidden_size":36,"layer_norm_eps":1e-12,"eps":2,
                 "hidden_act":"gelu","dropout":null,"tie":true,"pooling":["last","max"],"limbic":{"temperature":1.5}}""");
        assertThat(config.architecture()).isEqualTo("BertForSequenceClassification");
        assertThat(config.requireInt("hidden_size", 1, 36)).isEqualTo(36);
        assertThat(config.intOr("absent", 5, 0, 9)).isEqualTo(5);
        assertThat(config.doubleOr("layer_norm_eps", 1, 0, 1)).isEqualTo(1e-12);
        assertThat(config.doubleOr("eps", 1, 0, 2)).isEqualTo(2);
        assertThat(config.doubleOr("dropout", 0.5, 0, 1)).isEqualTo(0.5);
        assertThat(config.has("dropout")).isFalse();
        assertThat(config.has("tie")).isTrue();
        assertThat(config.booleanOr("tie", false)).isTrue();
        assertThat(config.booleanOr("dropout", true)).isTrue();
        assertThat(config.requireOneOf("hidden_act", "relu", "gelu")).isEqualTo("gelu");
        assertThat(config.oneOfOr("absent", "x", "relu")).isEqualTo("x");
        assertThat(config.stringOr("absent", "y")).isEqualTo("y");
        assertThat(config.requireStrings("pooling")).containsExactly("last", "max");
        assertThat(config.section("none")).isEmpty();
        HfConfig limbic = config.section("limbic").orElseThrow();
        assertThat(limbic.keys()).containsExactly("temperature");
        refused(
                () -> limbic.doubleOr("temperature", 1, 0, 1),
                "limbic.temperature",
                "a number in 0.0…1.0",
                "number 1.5");
    }

    @Test
    void namesFileKeyExpectedAndFound() throws IOException {
        HfConfig config =
                config("{\"hidden_size\":1.0,\"hidden_act\":\"swish\",\"big\":4294967297,\"s\":\"7\",\"list\":[]}");
        refused(() -> config.requireInt("hidden_size", 1, 9), "hidden_size", "an integer in 1…9", "number 1.0");
        refused(() -> config.requireInt("big", 1, 9), "big", "an integer in 1…9", "number 4294967297");
        refused(() -> config.requireInt("s", 1, 9), "s", "an integer in 1…9", "string 7");
        refused(
                () -> config.requireInt("hiden_size", 1, 9),
                "hiden_size",
                "an integer in 1…9",
                "nothing; nearest: 'hidden_size'");
        refused(() -> config.requireOneOf("hidden_act", "relu", "gelu"), "hidden_act", "one of relu, gelu", "'swish'");
        refused(() -> config.oneOfOr("hidden_act", "relu", "gelu"), "hidden_act", "one of gelu", "'swish'");
        refused(() -> config.booleanOr("s", true), "s", "true or false", "string 7");
        refused(() -> config.doubleOr("s", 1, 0, 9), "s", "a number in 0.0…9.0", "string 7");
        refused(() -> config.stringOr("big", ""), "big", "a string", "number 4294967297");
        refused(() -> config.requireStrings("list"), "list", "a list of at least one string", "array");
        refused(() -> config.section("s"), "s", "an object", "string 7");
        refused(config::architecture, "architectures", "a list of strings", "nothing");
        assertThat(config.unsupported("hidden_act", "relu", "gelu"))
                .hasMessage(file() + ": key 'hidden_act': expected one of relu, gelu, found string swish");
    }

    @Test
    void labelsComeInIdOrder() throws IOException {
        assertThat(config(
                                "{\"id2label\":{\"10\":\"k\",\"2\":\"c\",\"0\":\"a\",\"1\":\"b\",\"3\":\"d\",\"4\":\"e\",\"5\":\"f\","
                                        + "\"6\":\"g\",\"7\":\"h\",\"8\":\"i\",\"9\":\"j\"}}")
                        .labels())
                .containsExactly("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k");
        assertThat(config(
                                "{\"id2label\":{\"1\":\"b\",\"0\":\"a\"},\"label2id\":{\"b\":1,\"a\":\"0\"},\"num_labels\":2}")
                        .labels())
                .containsExactly("a", "b");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}                                                              | 'id2label': expected an object of labels by id, found nothing
            {"id2label":{}}                                                 | at least one label
            {"id2label":["a"]}                                              | 'id2label': expected an object, found array
            {"id2label":{"0":"a","2":"b"}}                                  | expected the ids 0…1 without gaps, found '2'
            {"id2label":{"0":"a","01":"b"}}                                 | found '01'
            {"id2label":{"0":"a","-1":"b"}}                                 | found '-1'
            {"id2label":{"0":"a","one":"b"}}                                | found 'one'
            {"id2label":{"0":"a","99999999999":"b"}}                        | found '99999999999'
            {"id2label":{"0":"a","0":"b"}}                                  | Duplicate field '0'
            {"id2label":{"0":"a","1":"a"}}                                  | found 'a' twice
            {"id2label":{"0":"a","1":1}}                                    | 'id2label.1': expected a string, found number 1
            {"id2label":{"0":"a"},"num_labels":2}                           | 'num_labels': expected 1 as in id2label, found number 2
            {"id2label":{"0":"a","1":"b"},"label2id":{"a":0}}               | 'label2id': expected 2 labels as in id2label, found 1
            {"id2label":{"0":"a","1":"b"},"label2id":{"a":1,"b":0}}         | 'a': 0 as in id2label, found number 1
            {"id2label":{"0":"a","1":"b"},"label2id":{"a":0,"c":1}}         | 'b': 1 as in id2label, found nothing
            """)
    void refusesInconsistentLabels(String json, String message) {
        assertThatThrownBy(() -> config(json).labels())
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith(file().toString())
                .hasMessageContaining(message);
    }

    @Test
    void knowsTheProblemType() throws IOException {
        assertThat(config("{}").multiLabel()).isFalse();
        assertThat(config("{\"problem_type\":null}").multiLabel()).isFalse();
        assertThat(config("{\"problem_type\":\"single_label_classification\"}").multiLabel())
                .isFalse();
        assertThat(config("{\"problem_type\":\"multi_label_classification\"}").multiLabel())
                .isTrue();
        assertThatThrownBy(() -> config("{\"problem_type\":\"regression\"}").multiLabel())
                .hasMessageContaining(
                        "expected one of single_label_classification, multi_label_classification, found 'regression'");
    }

    @Test
    void refusesAFolderThatIsNone() throws IOException {
        assertThatThrownBy(() -> HfDirectory.open(folder.resolve("none")))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("expected a model folder, found nothing");
        assertThatThrownBy(() -> HfDirectory.open(folder))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("config.json: cannot be read");
        for (String broken : new String[] {"", "[1]", "{\"a\":1,\"a\":1}", "{} {}", "{\"a\":" + "[".repeat(5000)}) {
            assertThatThrownBy(() -> config(broken)).as(broken).isInstanceOf(WeightsException.class);
        }
    }

    private Path file() {
        return folder.resolve("config.json");
    }

    private HfConfig config(String json) throws IOException {
        Files.writeString(file(), json);
        SafetensorsFile.write(folder.resolve("model.safetensors"), "{}", 0);
        try (HfDirectory directory = HfDirectory.open(folder)) {
            return directory.config();
        }
    }

    private void refused(ThrowingCallable call, String key, String expected, String found) {
        assertThatThrownBy(call)
                .isInstanceOf(WeightsException.class)
                .hasMessage(file() + ": key '" + key + "': expected " + expected + ", found " + found);
    }
}
