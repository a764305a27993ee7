package dev.limbic.model;

import dev.limbic.generate.SamplingSettings;
import dev.limbic.generate.TokenRules;
import java.util.List;
import java.util.Set;

/**
 * What a client needs to know of a loaded language model.
 *
 * @param name name it is served under
 * @param kind name of its kind
 * @param architecture as in config.json, such as {@code GPT2LMHeadModel}
 * @param maxTokens longest sequence, prompt and reply together
 * @param vocabulary number of token ids
 * @param parameters number of weights
 * @param precision such as {@code f32}, {@code bf16}, {@code int8}
 * @param device such as {@code cpu}
 * @param controls emotions and manners that the model has a control token for; empty if it is steered by words
 * @param chatTemplate whether the model brings its own form of a conversation
 * @param dropsFirstSpace whether a reply's first space belongs to the form of its prompt (SentencePiece)
 * @param stopIds tokens that end a reply
 * @param sampling what the model's {@code generation_config.json} recommends
 * @param cacheTokens tokens that all texts together can hold in the cache
 */
public record LanguageCard(
        String name,
        String kind,
        String architecture,
        int maxTokens,
        int vocabulary,
        long parameters,
        String precision,
        String device,
        Set<String> controls,
        boolean chatTemplate,
        boolean dropsFirstSpace,
        List<Integer> stopIds,
        Recommended sampling,
        int cacheTokens)
        implements ModelCard {
    /**
     * How the makers of a model would have its tokens chosen.
     *
     * @param temperature 0 for the most probable token each time
     * @param repetitionPenalty 1 for none
     * @param maxNewTokens most tokens of a reply
     * @param maxTokens most tokens of prompt and reply together, where a request does not say how many it wants
     * @param stopStrings texts that end a reply
     * @param rules what they demand of each token, whatever a request says
     */
    public record Recommended(
            float temperature,
            SamplingSettings.Truncation truncation,
            float repetitionPenalty,
            int maxNewTokens,
            int maxTokens,
            List<String> stopStrings,
            TokenRules rules) {}
}
