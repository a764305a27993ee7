package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.Emotions;
import dev.limbic.tensor.DType;
import dev.limbic.weights.HfDirectory;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The golden directories are what tests of models rely on. */
class GoldenTest {
    static List<String> names() {
        return Golden.names();
    }

    @Test
    void coverEachArchitectureAndStorage() {
        Set<String> architectures = new TreeSet<>();
        Set<DType> types = EnumSet.noneOf(DType.class);
        boolean sharded = false;
        for (String name : names()) {
            try (HfDirectory directory = HfDirectory.open(Golden.open(name).path())) {
                architectures.add(directory.config().architecture());
                sharded |= Files.exists(directory.path().resolve("model.safetensors.index.json"));
                types.add(directory
                        .weights()
                        .tensor(
                                "classifier"
                                        + (directory.weights().has("classifier.bias") ? ".bias" : ".out_proj.bias"),
                                directory.config().labels().size())
                        .dtype());
            }
        }
        assertThat(architectures)
                .containsExactly(
                        "BertForSequenceClassification",
                        "DistilBertForSequenceClassification",
                        "LimbicRecurrentClassifier",
                        "RobertaForSequenceClassification",
                        "XLMRobertaForSequenceClassification");
        assertThat(types).containsExactlyInAnyOrder(DType.F32, DType.F16, DType.BF16);
        assertThat(sharded).isTrue();
    }

    @ParameterizedTest
    @MethodSource("names")
    void areWhole(String name) {
        Golden golden = Golden.open(name);
        int tokens = golden.sequences().stream().mapToInt(s -> s.length).sum();
        assertThat(golden.sequences()).hasSizeGreaterThanOrEqualTo(5);
        assertThat(golden.sequences()).extracting(s -> s.length).contains(1, 2, 24);
        assertThat(golden.batch()).hasSameSizeAs(golden.sequences());
        assertThat(golden.hidden()).hasSizeGreaterThanOrEqualTo(2);
        golden.hidden().forEach(h -> assertThat(h.shape().dim(0)).isEqualTo(tokens));
        assertThat(golden.pooled()).hasNumberOfRows(golden.sequences().size());
        try (HfDirectory directory = HfDirectory.open(golden.path())) {
            int vocab = directory.config().requireInt("vocab_size", 1, 1000);
            golden.sequences().forEach(s -> assertThat(Arrays.stream(s)).allMatch(id -> id >= 0 && id < vocab));
            HeadConfig head = HeadConfig.of(directory.config());
            assertThat(golden.logits())
                    .hasDimensions(golden.sequences().size(), head.labels().size());
            double spread = 0;
            for (float[] row : golden.logits()) {
                Emotions emotions = head.head().interpret(row);
                assertThat(emotions.intensity()).isBetween(0f, 1f);
                spread = Math.max(spread, Math.abs(row[0] - golden.logits()[0][0]));
            }
            assertThat(spread).isGreaterThan(1);
        }
    }
}
