package dev.limbic.model;

import dev.limbic.generate.SamplingSettings;
import dev.limbic.weights.HfConfig;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code generation_config.json} and {@code config.json} say about the choice of tokens and the end of a text, read
 * as transformers does; keys about searches that Limbic does not do (beams, contrastive search) are not looked at.
 */
record GenerationConfig(LanguageCard.Recommended sampling, List<Integer> stopIds) {
    /** When the model's makers say nothing: as much as a line of chat needs. */
    private static final int MAX_NEW_TOKENS = 128;

    static GenerationConfig of(HfConfig model, Optional<HfConfig> generation, int vocabulary, int context) {
        Set<Integer> stops = new LinkedHashSet<>(model.intsOr("eos_token_id", 0, vocabulary - 1));
        if (generation.isEmpty()) {
            LanguageCard.Recommended sampling = new LanguageCard.Recommended(
                    1, SamplingSettings.Truncation.NONE, 1, Math.min(MAX_NEW_TOKENS, context - 1));
            return new GenerationConfig(sampling, List.copyOf(stops));
        }
        HfConfig config = generation.get();
        stops.addAll(config.intsOr("eos_token_id", 0, vocabulary - 1));
        boolean samples = config.booleanOr("do_sample", false);
        SamplingSettings.Truncation truncation = new SamplingSettings.Truncation(
                config.intOr("top_k", 50, 0, Integer.MAX_VALUE),
                (float) config.doubleOr("top_p", 1, Float.MIN_VALUE, 1),
                (float) config.doubleOr("min_p", 0, 0, 1));
        LanguageCard.Recommended sampling = new LanguageCard.Recommended(
                samples ? (float) config.doubleOr("temperature", 1, 0, 100) : 0,
                truncation,
                (float) config.doubleOr("repetition_penalty", 1, 0.01, 100),
                Math.min(context - 1, config.intOr("max_new_tokens", MAX_NEW_TOKENS, 1, Integer.MAX_VALUE)));
        return new GenerationConfig(sampling, new ArrayList<>(stops));
    }
}
