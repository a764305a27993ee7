package dev.limbic.server.pipeline;

import dev.limbic.domain.Emotions;

/**
 * What became of a text.
 *
 * @param model name of the model that answered
 * @param truncated whether text beyond the model's limit was left out
 * @param tokens tokens the model read
 * @param timing why it took as long as it did
 */
public record TextAnswer(String model, Emotions emotions, boolean truncated, int tokens, Timing timing) {
    /**
     * Why an answer took as long as it did.
     *
     * @param batchRows rows in the batch it rode in, itself included
     * @param batchTokens tokens in that batch
     * @param tokenizeNanos time spent turning text into tokens
     * @param queueNanos time spent waiting for the device
     * @param computeNanos time the device spent on the whole batch
     * @param totalNanos time from the start of the pipeline to the answer
     */
    public record Timing(
            int batchRows, int batchTokens, long tokenizeNanos, long queueNanos, long computeNanos, long totalNanos) {}
}
