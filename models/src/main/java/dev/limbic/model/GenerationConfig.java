package dev.limbic.model;

import dev.limbic.generate.SamplingSettings;
import dev.limbic.generate.TokenRules;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code generation_config.json}, or in older folders {@code config.json}, says about the choice of tokens and the end
 * of a text, read as transformers does. Each of its keys is applied, or changes no token, or is refused by name where its
 * value would.
 *
 * @param unknown keys of {@code generation_config.json} that this and transformers do not know, so that nothing reads them
 */
record GenerationConfig(LanguageCard.Recommended sampling, List<Integer> stopIds, List<String> unknown) {
    /** When the model's makers say nothing: as much as a line of chat needs. */
    private static final int MAX_NEW_TOKENS = 128;

    private static final int MAX_STOP_STRINGS = 8;

    private static final String EOS = "eos_token_id";

    /** What is read below. */
    private static final Set<String> APPLIED = Set.of(
            EOS,
            "do_sample",
            "temperature",
            "top_k",
            "top_p",
            "min_p",
            "repetition_penalty",
            "encoder_repetition_penalty",
            "max_new_tokens",
            "max_length",
            "min_new_tokens",
            "min_length",
            "no_repeat_ngram_size",
            "encoder_no_repeat_ngram_size",
            "bad_words_ids",
            "sequence_bias",
            "suppress_tokens",
            "begin_suppress_tokens",
            "forced_bos_token_id",
            "forced_eos_token_id",
            "stop_strings");

    /** What has a value that changes nothing and is refused with any other. */
    private static final Set<String> REFUSED = Set.of(
            "num_beams",
            "constraints",
            "force_words_ids",
            "penalty_alpha",
            "dola_layers",
            "guidance_scale",
            "watermarking_config",
            "token_healing",
            "exponential_decay_length_penalty",
            "max_time",
            "typical_p",
            "epsilon_cutoff",
            "eta_cutoff",
            "top_h",
            "cache_implementation");

    /**
     * What changes no token of a reply: shapes of beams where there are none, ways to the same tokens, what is returned
     * beside them, where numbers are kept, and what becomes of logits that are none, which are an error here.
     */
    private static final Set<String> HARMLESS = Set.of(
            "early_stopping",
            "length_penalty",
            "diversity_penalty",
            "num_beam_groups",
            "num_return_sequences",
            "renormalize_logits",
            "remove_invalid_values",
            "use_cache",
            "cache_config",
            "max_cache_len",
            "low_memory",
            "prefill_chunk_size",
            "use_mtp",
            "is_assistant",
            "num_assistant_tokens",
            "num_assistant_tokens_schedule",
            "assistant_confidence_threshold",
            "assistant_early_exit",
            "assistant_lookbehind",
            "assistant_ensemble_weight",
            "target_lookbehind",
            "prompt_lookup_num_tokens",
            "max_matching_ngram_size",
            "speculation_type",
            "output_attentions",
            "output_hidden_states",
            "output_scores",
            "output_logits",
            "return_dict_in_generate",
            "pad_token_id",
            "bos_token_id",
            "decoder_start_token_id",
            "compile_config",
            "disable_compile",
            "continuous_batching_config",
            "transformers_version",
            "_from_model_config",
            "_commit_hash");

    static GenerationConfig of(HfConfig model, Optional<HfConfig> generation, int vocabulary, int context) {
        // transformers takes the model's own keys where there is no file for them.
        HfConfig config = generation.orElse(model);
        boolean samples = config.booleanOr("do_sample", generation.isEmpty());
        requirePlain(config, samples);
        List<Integer> stops = config.has(EOS) ? ids(config, EOS, vocabulary) : ids(model, EOS, vocabulary);
        int most = config.intOr("max_length", Integer.MAX_VALUE, 1, Integer.MAX_VALUE);
        SamplingSettings.Truncation truncation = new SamplingSettings.Truncation(
                config.intOr("top_k", generation.isEmpty() ? 0 : 50, 0, Integer.MAX_VALUE),
                // With 0 transformers keeps the most probable token, as with any share that it alone exceeds.
                Math.max((float) config.doubleOr("top_p", 1, 0, 1), Float.MIN_NORMAL),
                (float) config.doubleOr("min_p", 0, 0, 1));
        LanguageCard.Recommended sampling = new LanguageCard.Recommended(
                samples ? (float) config.doubleOr("temperature", 1, 0, 100) : 0,
                truncation,
                (float) config.doubleOr("repetition_penalty", 1, 0.01, 100),
                Math.min(context - 1, config.intOr("max_new_tokens", MAX_NEW_TOKENS, 1, Integer.MAX_VALUE)),
                config.has("max_new_tokens") ? Integer.MAX_VALUE : most,
                stopStrings(config),
                rules(config, stops, vocabulary));
        List<String> unknown = generation.stream()
                .flatMap(file -> file.keys().stream())
                .filter(key -> !APPLIED.contains(key) && !REFUSED.contains(key) && !HARMLESS.contains(key))
                .toList();
        return new GenerationConfig(sampling, stops, unknown);
    }

    private static List<String> stopStrings(HfConfig config) {
        List<String> strings = config.stringsOr("stop_strings");
        boolean fit = strings.size() <= MAX_STOP_STRINGS
                && strings.stream().allMatch(s -> !s.isEmpty() && s.length() <= SamplingSettings.MAX_STOP_CHARS);
        if (!fit) {
            throw config.unexpected(
                    "stop_strings",
                    "at most %d of 1 to %d characters".formatted(MAX_STOP_STRINGS, SamplingSettings.MAX_STOP_CHARS),
                    "more or others");
        }
        return strings;
    }

    private static List<Integer> ids(HfConfig config, String key, int vocabulary) {
        return List.copyOf(new LinkedHashSet<>(config.intsOr(key, 0, vocabulary - 1)));
    }

    private static TokenRules rules(HfConfig config, List<Integer> stops, int vocabulary) {
        Map<List<Integer>, Float> biases = new HashMap<>();
        config.doublesByListOr("sequence_bias", 0, vocabulary - 1)
                .forEach((sequence, bias) -> biases.put(sequence, bias.floatValue()));
        List<List<Integer>> banned = new ArrayList<>(config.intListsOr("bad_words_ids", 0, vocabulary - 1));
        banned.removeIf(sequence -> sequence.size() == 1 && stops.contains(sequence.getFirst()));
        boolean newTokens = config.has("min_new_tokens");
        return new TokenRules(
                config.intOr("no_repeat_ngram_size", 0, 0, Integer.MAX_VALUE),
                config.intOr("encoder_no_repeat_ngram_size", 0, 0, Integer.MAX_VALUE),
                (float) config.doubleOr("encoder_repetition_penalty", 1, 0.01, 100),
                Map.copyOf(biases),
                List.copyOf(banned),
                ids(config, "suppress_tokens", vocabulary),
                ids(config, "begin_suppress_tokens", vocabulary),
                config.intOr("min_new_tokens", 0, 0, Integer.MAX_VALUE),
                newTokens ? 0 : config.intOr("min_length", 0, 0, Integer.MAX_VALUE),
                ids(config, "forced_bos_token_id", vocabulary),
                ids(config, "forced_eos_token_id", vocabulary));
    }

    /** Refuses searches, samplers and changes of logits that are not known here. */
    private static void requirePlain(HfConfig config, boolean samples) {
        if (config.intOr("num_beams", 1, 1, Integer.MAX_VALUE) != 1) {
            throw config.unsupported("num_beams", "1");
        }
        for (String key : List.of(
                "constraints",
                "force_words_ids",
                "dola_layers",
                "watermarking_config",
                "exponential_decay_length_penalty",
                "max_time")) {
            if (config.has(key)) {
                throw config.unsupported(key, "null");
            }
        }
        if (config.booleanOr("token_healing", false)) {
            throw config.unsupported("token_healing", "false");
        }
        requireNumber(config, "guidance_scale", 1, 1, 1);
        boolean contrasts = !samples && config.intOr("top_k", 50, 0, Integer.MAX_VALUE) > 1;
        requireNumber(config, "penalty_alpha", 0, Double.NEGATIVE_INFINITY, contrasts ? 0 : Double.POSITIVE_INFINITY);
        if (samples) {
            requireNumber(config, "typical_p", 1, 1, Double.POSITIVE_INFINITY);
            for (String cutoff : List.of("epsilon_cutoff", "eta_cutoff")) {
                double found = config.doubleOr(cutoff, 0, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
                if (found > 0 && found < 1) {
                    throw config.unsupported(cutoff, "0");
                }
            }
            if (config.has("top_h")) {
                throw config.unsupported("top_h", "null");
            }
        }
        if (config.stringOr("cache_implementation", "").equals("quantized")) {
            throw config.unsupported("cache_implementation", "null", "dynamic", "static");
        }
    }

    private static void requireNumber(HfConfig config, String key, double plain, double min, double max) {
        double found = config.doubleOr(key, plain, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
        if (found < min || found > max) {
            throw config.unsupported(key, Double.toString(plain));
        }
    }
}
