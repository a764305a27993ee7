package dev.limbic.generate;

import java.util.List;
import java.util.Map;

/**
 * What the makers of a model demand of every text it writes, in the words of {@code generation_config.json}; a request adds
 * its own {@link SamplingSettings}. Token ids are within the vocabulary, sequences have at least one token.
 *
 * @param noRepeat no sequence of so many tokens occurs twice in prompt and reply; 0 for no such rule
 * @param noRepeatOfPrompt no sequence of so many tokens of the prompt occurs in the reply; 0 for no such rule
 * @param promptFactor multiplies positive and divides negative logits of the prompt's tokens; 1 for none
 * @param biases are added to the logit of the last token of a sequence where its other tokens have just been written
 * @param banned sequences that are never completed
 * @param suppressed tokens that never come
 * @param suppressedFirst tokens that do not come first in a reply
 * @param minNewTokens tokens of a reply before which no stop token comes
 * @param minTokens the same, prompt and reply together
 * @param first one of these comes after a prompt of one token; none for no such rule
 * @param last one of these comes where a text reaches its greatest length; none for no such rule
 */
public record TokenRules(
        int noRepeat,
        int noRepeatOfPrompt,
        float promptFactor,
        Map<List<Integer>, Float> biases,
        List<List<Integer>> banned,
        List<Integer> suppressed,
        List<Integer> suppressedFirst,
        int minNewTokens,
        int minTokens,
        List<Integer> first,
        List<Integer> last) {
    /** Nothing is demanded. */
    public static final TokenRules NONE =
            new TokenRules(0, 0, 1, Map.of(), List.of(), List.of(), List.of(), 0, 0, List.of(), List.of());
}
