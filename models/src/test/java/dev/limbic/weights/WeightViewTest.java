package dev.limbic.weights;

import static dev.limbic.weights.SafetensorsFile.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit sets the fields
class WeightViewTest {
    @TempDir
    private Path folder;

    private Safetensors file;
    private WeightView root;

    @BeforeEach
    void open() throws IOException {
        String header = "{"
                + String.join(
                        ",",
                        entry("bert.layer.0.weight", "F32", "[2,3]", 0, 24),
                        entry("bert.layer.0.bias", "BF16", "[2]", 24, 28),
                        entry("bert.layer.10.bias", "F16", "[1]", 28, 30),
                        entry("bert.position_ids", "I64", "[1,1]", 30, 38))
                + "}";
        file = Safetensors.open(SafetensorsFile.write(folder.resolve("m.safetensors"), header, 38));
        root = WeightView.of(file);
    }

    @AfterEach
    void close() {
        file.close();
    }

    @Test
    void scopesNames() {
        WeightView layer = root.sub("bert").sub("layer.0");
        assertThat(layer.fullName("weight")).isEqualTo("bert.layer.0.weight");
        assertThat(layer.has("weight")).isTrue();
        assertThat(layer.has("gamma")).isFalse();
        assertThat(layer.tensor("weight", 2, 3).shape().elements()).isEqualTo(6);
        assertThat(root.sub("bert").hasBelow("layer.1")).isFalse();
        assertThat(root.sub("bert").hasBelow("layer.10")).isTrue();
        assertThat(root.parameters()).isEqualTo(6);
    }

    @Test
    void checksShapeAndType() {
        WeightView layer = root.sub("bert.layer.0");
        assertThatThrownBy(() -> layer.tensor("weight", 3, 2))
                .isInstanceOf(WeightsException.class)
                .hasMessage(folder.resolve("m.safetensors")
                        + ": tensor 'bert.layer.0.weight': expected shape [3, 2], found [2, 3]");
        assertThatThrownBy(() -> layer.tensor("weigth", 2, 3))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("'bert.layer.0.weigth' is missing; nearest: 'bert.layer.0.weight'");
        assertThatThrownBy(() -> root.tensor("bert.position_ids", 1, 1))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("expected dtype F32, F16 or BF16, found I64");
    }

    @Test
    void reportsWhatNobodyTook() {
        root.sub("bert.layer.0").tensor("weight", 2, 3);
        assertThatThrownBy(() -> root.requireAllTaken("*.position_ids"))
                .isInstanceOf(WeightsException.class)
                .hasMessageEndingWith("found 2 surplus: bert.layer.0.bias, bert.layer.10.bias");
        // A refused take does not count.
        assertThatThrownBy(() -> root.tensor("bert.layer.0.bias", 3)).isInstanceOf(WeightsException.class);
        root.tensor("bert.layer.10.bias", 1);
        assertThatThrownBy(() -> root.requireAllTaken("*.position_ids"))
                .hasMessageEndingWith("1 surplus: bert.layer.0.bias");
        root.tensor("bert.layer.0.bias", 2);
        root.requireAllTaken("*.position_ids");
        assertThatThrownBy(() -> root.requireAllTaken("position_ids", "*.position"))
                .hasMessageEndingWith("bert.position_ids");
    }
}
