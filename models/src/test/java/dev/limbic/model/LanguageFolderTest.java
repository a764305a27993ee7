package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.preprocess.text.TokenizerException;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong in the folder of a language model is named. */
class LanguageFolderTest {
    private static final long CACHE = 1 << 20;

    private final Device device = new CpuDevice(1);

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        device.close();
    }

    private LanguageModel load(Path path) {
        return Kinds.LANGUAGE.load(new Loading(path, "tiny", device, Precision.F32, CACHE));
    }

    @ParameterizedTest
    @CsvSource({
        "generation_config.json, temperature, -1",
        "generation_config.json, temperature, 101",
        "generation_config.json, top_p, -0.5",
        "generation_config.json, top_p, 1.5",
        "generation_config.json, top_k, -1",
        "generation_config.json, min_p, 1.5",
        "generation_config.json, repetition_penalty, 0",
        "generation_config.json, max_new_tokens, 0",
        "generation_config.json, eos_token_id, 312",
        "generation_config.json, do_sample, 1",
        "generation_config.json, eos_token_id, -1",
        "config.json, n_positions, 1",
        "config.json, limbic, 7"
    })
    void aWrongValueIsNamed(String file, String key, double value) throws IOException {
        Path path = TinyLanguage.chat(folder.resolve("wrong" + key + value));
        TinyLanguage.edit(path, file, config -> {
            if (value == Math.rint(value)) {
                config.put(key, (int) value);
            } else {
                config.put(key, value);
            }
        });
        assertThatThrownBy(() -> load(path).close())
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(file)
                .hasMessageContaining(key);
    }

    @Test
    void aControlTokenMustBeOneOfTheTokenisers() throws IOException {
        Path path = TinyLanguage.chat(folder.resolve("control"));
        TinyLanguage.edit(
                path,
                "config.json",
                config -> config.withObject("/limbic/emotions").put("joy", 308));
        assertThatThrownBy(() -> load(path).close())
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("limbic.emotions.joy");
    }

    @Test
    void aVocabularyMayNotBeLargerThanTheModels() throws IOException {
        Path path = TinyLanguage.chat(folder.resolve("vocabulary"));
        TinyLanguage.edit(
                path,
                "tokenizer.json",
                tokenizer -> tokenizer
                        .withArray("added_tokens")
                        .addObject()
                        .put("id", TinyLanguage.VOCABULARY)
                        .put("content", "<|more|>")
                        .put("single_word", false)
                        .put("lstrip", false)
                        .put("rstrip", false)
                        .put("normalized", false)
                        .put("special", true));
        assertThatThrownBy(() -> load(path).close())
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("vocab_size")
                .hasMessageContaining("313")
                .hasMessageContaining("312");
    }

    @Test
    void aCacheHoldsABlockAtLeastAndNoMoreThanIsUseful() throws IOException {
        Path path = TinyLanguage.chat(folder.resolve("cache"));
        int block = 2 * 2 * 32 * 16 * 4; // keys and values, layers, hidden, tokens, bytes
        assertThatThrownBy(() -> Kinds.LANGUAGE
                        .load(new Loading(path, "tiny", device, Precision.F32, block - 1))
                        .close())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Integer.toString(block));
        try (LanguageModel model = Kinds.LANGUAGE.load(new Loading(path, "tiny", device, Precision.F32, 3L * block))) {
            assertThat(model.blocks()).isEqualTo(3);
        }
        try (LanguageModel model = Kinds.LANGUAGE.load(new Loading(path, "tiny", device, Precision.F32, 1L << 40))) {
            assertThat(model.blocks()).isEqualTo(128 * TinyLanguage.CONTEXT / model.blockTokens());
        }
    }

    @Test
    void aDamagedFolderIsNamed() throws IOException {
        Path path = TinyLanguage.chat(folder.resolve("damaged"));
        TinyLanguage.edit(path, "tokenizer_config.json", config -> config.put("chat_template", "{% foo %}"));
        assertThatThrownBy(() -> load(path).close())
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer_config.json")
                .hasMessageContaining("chat_template");
        Files.writeString(path.resolve("tokenizer_config.json"), "{\"chat_template\": ");
        assertThatThrownBy(() -> load(path).close())
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer_config.json");
        Files.writeString(path.resolve("tokenizer_config.json"), "{}");
        Files.delete(path.resolve("tokenizer.json"));
        assertThatThrownBy(() -> load(path).close())
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer.json");
    }

    @Test
    void anUnknownArchitectureIsNamedWithThoseThatAreKnown() throws IOException {
        Path path = TinyLanguage.chat(folder.resolve("architecture"));
        TinyLanguage.edit(
                path, "config.json", config -> config.putArray("architectures").add("RwkvForCausalLM"));
        assertThatThrownBy(() -> load(path).close())
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("RwkvForCausalLM")
                .hasMessageContaining("Qwen2ForCausalLM");
    }
}
