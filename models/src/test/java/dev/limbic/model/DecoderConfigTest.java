package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.ops.AttentionOps;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.weights.HfDirectory;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What config.json says of a decoder and we cannot do is refused by name; what its defaults are. */
class DecoderConfigTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Device device = new CpuDevice(1);

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        device.close();
    }

    /** A golden folder with some of its configuration replaced. */
    private Path changed(String name, String changes) throws IOException {
        Path golden;
        try {
            golden = Path.of(Objects.requireNonNull(getClass().getResource("/golden-generation/" + name))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        ObjectNode config = (ObjectNode) MAPPER.readTree(Files.readString(golden.resolve("config.json")));
        config.setAll((ObjectNode) MAPPER.readTree("{" + changes.replace('\'', '"') + "}"));
        Files.writeString(folder.resolve("config.json"), config.toString());
        Files.copy(golden.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        return folder;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "llama | 'is_causal': false | is_causal",
                "llama | 'quantization_config': {'bits': 4} | quantization_config",
                "llama | 'hidden_act': 'gelu' | hidden_act",
                "llama | 'sliding_window': 63 | sliding_window",
                "llama | 'layer_types': ['full_attention', 'sliding_attention'] | layer_types",
                "llama | 'rope_scaling': {'type': 'longrope', 'factor': 2.0} | rope_scaling.type",
                "llama | 'rope_scaling': {'rope_type': 'proportional'} | rope_scaling.rope_type",
                "llama | 'rope_scaling': {'type': 'linear'} | rope_scaling.factor",
                "llama | 'rope_scaling': {'type': 'llama3', 'factor': 8.0} | rope_scaling.low_freq_factor",
                "llama | 'rope_scaling': {'type': 'linear', 'factor': 2.0}, 'partial_rotary_factor': 0.5 | partial_rotary_factor",
                "llama | 'rope_scaling': {'type': 'linear', 'factor': 2.0, 'partial_rotary_factor': 0.5} | rope_scaling.partial_rotary_factor",
                "llama | 'rope_scaling': {'full_attention': {'rope_type': 'default'}} | rope_scaling.rope_type",
                "llama | 'head_dim': 7 | head_dim",
                "llama | 'num_key_value_heads': 4 | num_key_value_heads",
                "mistral | 'sliding_window': 0 | sliding_window",
                "mistral-window | 'layer_types': ['full_attention', 'full_attention'] | layer_types",
                "qwen2 | 'use_sliding_window': false, 'layer_types': ['sliding_attention', 'full_attention'] | layer_types",
                "qwen2-layers | 'layer_types': ['full_attention'] | layer_types",
                "qwen2-layers | 'layer_types': ['full_attention', 'full_attention', 'chunked_attention'] | layer_types",
                "gpt2 | 'is_causal': false | is_causal",
                "gpt2 | 'activation_function': 'mish' | activation_function"
            })
    void whatWeCannotDoIsRefusedByName(String name, String changes, String key) throws IOException {
        Path path = changed(name, changes);
        assertThatThrownBy(() -> Kinds.LANGUAGE
                        .decoder(path, device, Precision.F32, 16, 1 << 20)
                        .close())
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("config.json: key '" + key + "': expected ")
                .hasMessageContaining("found ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "llama | 'sliding_window': 64, 'layer_types': ['full_attention', 'full_attention']",
                "llama | 'hidden_act': 'swish', 'attention_dropout': 0.1, 'pretraining_tp': 2",
                "llama | 'rope_scaling': {}",
                "mistral-window | 'layer_types': ['sliding_attention', 'sliding_attention']",
                "qwen2 | 'sliding_window': 3, 'max_window_layers': 1",
                "gpt2 | 'reorder_and_upcast_attn': true, 'summary_type': 'mean', 'n_ctx': 9"
            })
    void whatChangesNothingIsTaken(String name, String changes) throws IOException {
        Path path = changed(name, changes);
        try (Decoder decoder = Kinds.LANGUAGE.decoder(path, device, Precision.F32, 16, 1 << 20)) {
            assertThat(decoder.blocks()).isPositive();
        }
    }

    /** Of what a Llama writes in int8 too much is not the model's, see docs/cpu-engine.md. */
    @ParameterizedTest
    @CsvSource({"gpt2, true", "llama, false", "qwen2, false", "mistral, false"})
    void eightBitsAreForWhoBearsThem(String name, boolean bears) throws IOException {
        Precision halves = device.supports(Precision.BF16) ? Precision.BF16 : Precision.F32;
        try (HfDirectory directory = HfDirectory.open(changed(name, ""))) {
            assertThat(ModelRegistry.automatic(directory.config(), device))
                    .isEqualTo(bears && device.supports(Precision.INT8) ? Precision.INT8 : halves);
        }
    }

    @Test
    void windowsAreReadAsTransformersReadsThem() throws IOException {
        assertThat(windows("mistral-silent", "")).containsExactly(4096, 4096);
        assertThat(windows("mistral", "'sliding_window': null"))
                .containsExactly(AttentionOps.NO_WINDOW, AttentionOps.NO_WINDOW);
        assertThat(windows("mistral", "'sliding_window': 9")).containsExactly(9, 9);
        assertThat(windows("qwen2-window", "'use_sliding_window': false")).containsOnly(AttentionOps.NO_WINDOW);
        assertThat(windows("qwen2-window", "")).containsExactly(AttentionOps.NO_WINDOW, 5, 5, 5);
        assertThat(windows("qwen2-layers", "")).containsExactly(9, AttentionOps.NO_WINDOW, 9);
    }

    private List<Integer> windows(String name, String changes) throws IOException {
        Path path = changed(name, changes);
        try (HfDirectory directory = HfDirectory.open(path)) {
            AttentionWindows windows = name.startsWith("mistral")
                    ? AttentionWindows.mistral(directory.config())
                    : AttentionWindows.qwen2(directory.config());
            return IntStream.range(0, directory.config().requireInt("num_hidden_layers", 1, 9))
                    .mapToObj(windows::of)
                    .toList();
        } finally {
            Files.delete(folder.resolve("config.json"));
            Files.delete(folder.resolve("model.safetensors"));
        }
    }
}
