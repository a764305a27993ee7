package dev.limbic.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.weights.HfConfig.ProblemType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        refused(() -> limbic.doubleOr("temperature", 1, 0, 1), "limbic.temperature", "a number in 0…1", "number 1.5");
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
        refused(() -> config.doubleOr("s", 1, 0, 9), "s", "a number in 0…9", "string 7");
        refused(() -> config.doubleOr("s", 1, Float.MIN_VALUE, 1), "s", "a number above 0, at most 1", "string 7");
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
            {"id2label":{}}                                                 | at least one label
            {"id2label":["a"]}                                              | 'id2label': expected an object, found array
            {"id2label":{"0":"a","2":"b"}}                                  | expected the ids 0…1 without gaps, found '2'
            {"id2label":{"0":"a","01":"b"}}                                 | found '01'
            {"id2label":{"0":"a","-1":"b"}}                                 | found '-1'
            {"id2label":{"0":"a","one":"b"}}                                | found 'one'
            {"id2label":{"0":"a","99999999999":"b"}}                        | found '99999999999'
            {"id2label":{"0":"a","0":"b"}}                                  | Duplicate field '0'
            {"id2label":{"0":"a","1":"a"}}                                  | found 'a' twice
            {"id2label":{"0":"a","1":true}}                                 | 'id2label.1': expected a string, found boolean true
            {"num_labels":0}                                                | 'num_labels': expected an integer in 1…1048576, found number 0
            {"num_labels":3,"label2id":{"a":0,"b":1}}                       | 'label2id': expected each id of 0…2 once, found 'a': 0 among 2 labels
            {"label2id":{"a":0,"b":0}}                                      | 'label2id': expected each id of 0…1 once, found 'b': 0 among 2 labels
            {"label2id":{"a":0,"b":2}}                                      | 'label2id': expected each id of 0…1 once, found 'b': 2 among 2 labels
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

    /** What transformers 5 gives as {@code id2label}, but for the last, whose names only {@code label2id} has. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}                                                                      | LABEL_0 LABEL_1
            {"num_labels":3}                                                        | LABEL_0 LABEL_1 LABEL_2
            {"num_labels":1,"label2id":null}                                        | LABEL_0
            {"id2label":{"0":"a","1":"b"},"label2id":{"LABEL_0":0,"LABEL_1":1}}     | a b
            {"id2label":{"0":"a","1":"b","2":"c"},"label2id":{"LABEL_0":0,"LABEL_1":1}} | a b c
            {"id2label":{"0":"a","1":"b"},"label2id":{}}                            | a b
            {"id2label":{"0":1,"1":2}}                                              | 1 2
            {"id2label":{"0":"LABEL_0","1":"LABEL_1"},"label2id":{"b":1,"a":0}}     | a b
            {"label2id":{"c":2,"b":1,"a":0}}                                        | a b c
            """)
    void takesWhatTransformersTakesForLabels(String json, String labels) throws IOException {
        assertThat(String.join(" ", config(json).labels())).isEqualTo(labels);
    }

    /** As transformers' pipeline for text classification chooses softmax, sigmoid or nothing. */
    @Test
    void knowsTheProblemType() throws IOException {
        assertThat(config("{}").problemType(2)).isEqualTo(ProblemType.SINGLE_LABEL);
        assertThat(config("{}").problemType(1)).isEqualTo(ProblemType.MULTI_LABEL);
        assertThat(config("{\"problem_type\":null}").problemType(1)).isEqualTo(ProblemType.MULTI_LABEL);
        HfConfig single = config("{\"problem_type\":\"single_label_classification\"}");
        assertThat(single.problemType(2)).isEqualTo(ProblemType.SINGLE_LABEL);
        assertThat(single.problemType(1)).isEqualTo(ProblemType.MULTI_LABEL);
        assertThat(config("{\"problem_type\":\"multi_label_classification\"}").problemType(2))
                .isEqualTo(ProblemType.MULTI_LABEL);
        HfConfig regression = config("{\"problem_type\":\"regression\"}");
        assertThat(regression.problemType(1)).isEqualTo(ProblemType.REGRESSION);
        assertThat(regression.problemType(3)).isEqualTo(ProblemType.REGRESSION);
        assertThatThrownBy(() -> config("{\"problem_type\":\"ranking\"}").problemType(2))
                .hasMessageContaining("key 'problem_type': expected one of single_label_classification,"
                        + " multi_label_classification, regression, found 'ranking'");
    }

    @ParameterizedTest
    @CsvSource({
        "BertForMaskedLM,BertForSequenceClassification",
        "RobertaModel,RobertaForSequenceClassification",
        "DistilBertForTokenClassification,DistilBertForSequenceClassification",
        "XLMRobertaXLForSequenceClassification,XLMRobertaForSequenceClassification",
        "GPTNeoForCausalLM,LlamaForCausalLM",
    })
    void namesTheNearestArchitecture(String found, String nearest) throws IOException {
        Set<String> known = new LinkedHashSet<>(List.of(
                "BertForSequenceClassification",
                "DistilBertForSequenceClassification",
                "RobertaForSequenceClassification",
                "XLMRobertaForSequenceClassification",
                "LlamaForCausalLM"));
        assertThat(config("{\"architectures\":[\"" + found + "\"]}").unknownArchitecture(known))
                .hasMessage(file() + ": key 'architectures': expected one of " + String.join(", ", known) + ", found '"
                        + found + "'; nearest: '" + nearest + "'");
    }

    @Test
    void saysWhatHalfACharacterIs() {
        assertThatThrownBy(() -> config("{\"a\":{\"b\":[1,\"x\\ud800\"]}}"))
                .hasMessage(file() + ": key 'a.b[1]': expected text, found a lone surrogate");
        assertThatThrownBy(() -> config("{\"a\":{\"\\udc00\":1}}"))
                .hasMessage(file() + ": key 'a': expected text, found a lone surrogate");
        assertThatThrownBy(() -> config("{\"a\":[1e400]}"))
                .hasMessage(file() + ": key 'a[0]': expected a finite number, found number Infinity");
    }

    /** Files in a folder, and what is said of them; the last column says which file is missed. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            adapter_config.json adapter_model.safetensors   | this looks like a LoRA adapter                  | config.json
            config.json adapter_config.json                 | merge it into that one with peft                | model.safetensors
            modules.json config_sentence_transformers.json  | this looks like a sentence-transformers model   | config.json
            config.json pytorch_model.bin                   | PyTorch's pickles                               | model.safetensors
            config.json model.gguf                          | this holds GGUF                                 | model.safetensors
            model.Q4_K_M.gguf                               | this holds GGUF                                 | config.json
            config.json model.onnx                          | an ONNX export                                  | model.safetensors
            config.json tf_model.h5                         | weights of another framework                    | model.safetensors
            config.json weights.safetensors                 | there is [weights.safetensors]                  | model.safetensors
            blobs/x refs/main snapshots/0/config.json       | give the folder below snapshots                 | config.json
            README.md checkpoint-500/config.json            | there is one in checkpoint-500                  | config.json
            README.md                                       | the folder holds README.md                      | config.json
            ''                                              | the folder is empty                             | config.json
            """)
    void saysWhatTheFolderLooksLike(String files, String look, String missed) throws IOException {
        for (String name : Pattern.compile(" ")
                .splitAsStream(files)
                .filter(f -> !f.isEmpty())
                .toList()) {
            Files.createDirectories(Objects.requireNonNull(folder.resolve(name).getParent()));
            Files.writeString(folder.resolve(name), "{}");
        }
        assertThatThrownBy(() -> HfDirectory.open(folder))
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith(folder + ": expected ")
                .hasMessageContaining(missed)
                .hasMessageContaining(look);
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "model.safetensors"})
    void knowsAGitLfsPointer(String name) throws IOException {
        config("{}");
        Files.writeString(folder.resolve(name), """
                version https://git-lfs.github.com/spec/v1
                oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
                size 12345
                """);
        assertThatThrownBy(() -> HfDirectory.open(folder))
                .hasMessage(folder.resolve(name) + ": found a Git LFS pointer instead of the file; run 'git lfs pull'"
                        + " where the folder was cloned");
    }

    @Test
    void namesNoClassOfAnException() throws IOException {
        config("{}");
        Files.write(folder.resolve("config.json"), new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'});
        assertThatThrownBy(() -> HfDirectory.open(folder)).hasMessage(file() + ": cannot be read: it is not UTF-8");
        Files.delete(file());
        Files.createDirectory(file());
        assertThatThrownBy(() -> HfDirectory.open(folder))
                .hasMessageStartingWith(file() + ": cannot be read: ")
                .message()
                .doesNotContain("Exception");
    }

    @Test
    void refusesAFolderThatIsNone() throws IOException {
        assertThatThrownBy(() -> HfDirectory.open(folder.resolve("none")))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("expected a model folder, found nothing");
        assertThatThrownBy(() -> HfDirectory.open(folder))
                .isInstanceOf(WeightsException.class)
                .hasMessage(
                        folder + ": expected a model folder with config.json, found none; the folder is empty or cannot"
                                + " be listed");
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
