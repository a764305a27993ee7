package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.generate.TokenRules;
import dev.limbic.weights.HfDirectory;
import dev.limbic.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each key of a generation configuration is applied, changes no token, or is refused by name. */
class GenerationConfigTest {
    private static final String FILE = "generation_config.json";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** All that GenerationConfig of transformers 5.18 and 5.24 has, and what it had in version 4. */
    private static final List<String> KEYS =
            List.of(("max_length max_new_tokens min_length min_new_tokens early_stopping"
                            + " max_time stop_strings do_sample num_beams use_mtp use_cache cache_implementation cache_config"
                            + " max_cache_len temperature top_k top_p min_p top_h typical_p epsilon_cutoff eta_cutoff"
                            + " repetition_penalty encoder_repetition_penalty length_penalty no_repeat_ngram_size bad_words_ids"
                            + " renormalize_logits forced_bos_token_id forced_eos_token_id remove_invalid_values"
                            + " exponential_decay_length_penalty suppress_tokens begin_suppress_tokens sequence_bias"
                            + " token_healing guidance_scale watermarking_config num_return_sequences output_attentions"
                            + " output_hidden_states output_scores output_logits return_dict_in_generate pad_token_id"
                            + " bos_token_id eos_token_id encoder_no_repeat_ngram_size decoder_start_token_id is_assistant"
                            + " num_assistant_tokens num_assistant_tokens_schedule assistant_confidence_threshold"
                            + " prompt_lookup_num_tokens max_matching_ngram_size assistant_early_exit assistant_lookbehind"
                            + " target_lookbehind assistant_ensemble_weight speculation_type compile_config disable_compile"
                            + " continuous_batching_config low_memory penalty_alpha dola_layers diversity_penalty"
                            + " num_beam_groups constraints force_words_ids prefill_chunk_size _commit_hash"
                            + " _from_model_config transformers_version")
                    .split(" "));

    @TempDir
    private Path folder;

    @BeforeEach
    void writeModel() throws IOException {
        TinyLanguage.plain(folder);
        Files.writeString(folder.resolve(FILE), "{}");
    }

    private GenerationConfig read(String json) throws IOException {
        Files.writeString(folder.resolve(FILE), json);
        return read();
    }

    private GenerationConfig read() {
        try (HfDirectory directory = HfDirectory.open(folder)) {
            return GenerationConfig.of(directory.config(), directory.generationConfig(), 312, 256);
        }
    }

    @Test
    void everyKeyOfTransformersIsKnown() throws IOException {
        ObjectNode all = MAPPER.createObjectNode();
        KEYS.forEach(all::putNull);
        assertThat(read(all.toString()).unknown()).isEmpty();
        assertThat(read("{\"top_q\": 1, \"top_k\": 2, \"motto\": null}").unknown())
                .containsExactly("top_q", "motto");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "num_beams: 2",
                "constraints: []",
                "force_words_ids: [[1]]",
                "penalty_alpha: 0.6",
                "dola_layers: 'low'",
                "guidance_scale: 1.5",
                "watermarking_config: {}",
                "token_healing: true",
                "exponential_decay_length_penalty: [1, 1.01]",
                "max_time: 3.5",
                "cache_implementation: 'quantized'",
                "typical_p: 0.9, do_sample: true",
                "epsilon_cutoff: 0.1, do_sample: true",
                "eta_cutoff: 0.1, do_sample: true",
                "top_h: 0.4, do_sample: true"
            })
    void whatWouldChangeTokensAndIsNotKnownIsRefused(String entry) {
        String key = entry.substring(0, entry.indexOf(':'));
        assertThatThrownBy(() -> read(json(entry)))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(FILE)
                .hasMessageContaining("key '" + key + "': expected ")
                .hasMessageContaining("found ");
    }

    /** With keys in quotes and quotes doubled. */
    private static String json(String entries) {
        return "{" + entries.replaceAll("([a-z_]+):", "\"$1\":").replace('\'', '"') + "}";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "num_beams: 1",
                "penalty_alpha: 0.6, top_k: 1",
                "penalty_alpha: 0.6, do_sample: true",
                "penalty_alpha: 0",
                "guidance_scale: 1.0",
                "token_healing: false",
                "cache_implementation: 'static'",
                "typical_p: 0.9",
                "typical_p: 1.0, do_sample: true",
                "epsilon_cutoff: 0.0, do_sample: true",
                "eta_cutoff: 0.1",
                "top_h: 0.4",
                "early_stopping: true, length_penalty: 2.0, num_return_sequences: 3, renormalize_logits: true"
            })
    void whatChangesNoTokenIsHarmless(String entries) throws IOException {
        assertThat(read(json(entries)).sampling().rules()).isEqualTo(TokenRules.NONE);
    }

    @Test
    void rulesAreRead() throws IOException {
        GenerationConfig config = read(json("no_repeat_ngram_size: 3, encoder_no_repeat_ngram_size: 4,"
                + "encoder_repetition_penalty: 1.5, repetition_penalty: 1.25, sequence_bias: [[[1, 2], -0.5], [[3], 2]],"
                + "bad_words_ids: [[4, 5], [2], [6]], eos_token_id: 2, suppress_tokens: [7, 8],"
                + "begin_suppress_tokens: [9], min_new_tokens: 5, min_length: 11, forced_bos_token_id: 10,"
                + "forced_eos_token_id: [2, 12], stop_strings: ['###', 'bye'], max_length: 99"));
        assertThat(config.sampling().rules())
                .isEqualTo(new TokenRules(
                        3,
                        4,
                        1.5f,
                        Map.of(List.of(1, 2), -0.5f, List.of(3), 2f),
                        List.of(List.of(4, 5), List.of(6)),
                        List.of(7, 8),
                        List.of(9),
                        5,
                        0,
                        List.of(10),
                        List.of(2, 12)));
        assertThat(config.sampling().repetitionPenalty()).isEqualTo(1.25f);
        assertThat(config.sampling().stopStrings()).containsExactly("###", "bye");
        assertThat(config.sampling().maxTokens()).isEqualTo(99);
        assertThat(read(json("min_length: 11")).sampling().rules().minTokens()).isEqualTo(11);
        assertThat(read(json("stop_strings: 'x'")).sampling().stopStrings()).containsExactly("x");
        assertThat(read(json("max_length: 99, max_new_tokens: 7")).sampling().maxTokens())
                .as("transformers' precedence")
                .isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void stopIdsAreTheFilesAloneWhereItHasAny() throws IOException {
        assertThat(read("{\"eos_token_id\": [7, 8, 7]}").stopIds()).containsExactly(7, 8);
        assertThat(read("{}").stopIds()).containsExactly(2);
        assertThat(read("{\"eos_token_id\": null}").stopIds()).containsExactly(2);
    }

    @Test
    void aShareOfNothingKeepsOneToken() throws IOException {
        SamplingSettings.Truncation kept =
                read("{\"do_sample\": true, \"top_p\": 0}").sampling().truncation();
        assertThat(kept.topP()).isPositive().isLessThan(1e-30f);
    }

    @Test
    void withoutTheFileTheModelsOwnKeysCount() throws IOException {
        Files.delete(folder.resolve(FILE));
        TinyLanguage.edit(
                folder,
                "config.json",
                config -> config.put("no_repeat_ngram_size", 2)
                        .put("do_sample", false)
                        .put("motto", "x"));
        assertThat(read().sampling().rules().noRepeat()).isEqualTo(2);
        assertThat(read().sampling().temperature()).isZero();
        assertThat(read().unknown()).isEmpty();
        TinyLanguage.edit(folder, "config.json", config -> config.put("num_beams", 4));
        assertThatThrownBy(this::read).hasMessageContaining("config.json: key 'num_beams'");
        assertThat(read("{}").sampling().rules()).isEqualTo(TokenRules.NONE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "no_repeat_ngram_size | -1",
                "no_repeat_ngram_size | 1.5",
                "encoder_repetition_penalty | 0",
                "sequence_bias | {}",
                "sequence_bias | [[1, 2.0]]",
                "sequence_bias | [[[1], 1e99]]",
                "sequence_bias | [[[312], 1.0]]",
                "bad_words_ids | [3]",
                "bad_words_ids | [[]]",
                "bad_words_ids | [[-1]]",
                "suppress_tokens | [312]",
                "begin_suppress_tokens | {}",
                "min_new_tokens | -1",
                "min_length | -1",
                "max_length | 0",
                "forced_eos_token_id | 312",
                "forced_bos_token_id | -1",
                "stop_strings | ['']",
                "stop_strings | [1]",
                "num_beams | 0",
                "guidance_scale | {}"
            })
    void wrongValuesAreNamed(String key, String value) {
        assertThatThrownBy(() -> read(json(key + ": " + value)))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(FILE + ": key '" + key + "': expected ");
    }
}
