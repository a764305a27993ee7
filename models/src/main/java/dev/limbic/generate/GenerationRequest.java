package dev.limbic.generate;

/**
 * One text to generate. The array must not be changed after submission.
 *
 * @param prompt token ids with special tokens, [T], at least one
 * @param sharedTokens how many of the prompt's first tokens (a persona, a system prompt) other requests may begin with
 *     too; their keys and values are kept for a while and shared, in whole blocks
 * @param sampling how tokens are chosen and when the text ends
 * @param patienceNanos how much later another request may be submitted and still go first
 * @param timeoutNanos time from now after which the text ends wherever it is, {@link Long#MAX_VALUE} for none
 */
public record GenerationRequest(
        int[] prompt, int sharedTokens, SamplingSettings sampling, long patienceNanos, long timeoutNanos) {}
