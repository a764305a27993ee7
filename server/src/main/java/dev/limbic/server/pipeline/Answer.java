package dev.limbic.server.pipeline;

import dev.limbic.model.BatchKind;

/**
 * What became of an input.
 *
 * @param model name of the model that answered
 * @param value what it says
 * @param cost what the input cost
 * @param unit what costs count: the unit of the model's kind
 * @param truncated whether some of the input was left out
 * @param timing why it took as long as it did
 */
public record Answer<A>(String model, A value, int cost, BatchKind.Unit unit, boolean truncated, Timing timing) {
    /** A patch of 16 × 16, which vision transformers make one token of. */
    private static final int PIXELS_PER_TOKEN = 256;

    /** What the input cost in tokens of text, or in as much of something else: what clients pay in. */
    public int tokens() {
        return switch (unit) {
            case TOKENS -> cost;
            case PIXELS -> Math.ceilDiv(cost, PIXELS_PER_TOKEN);
        };
    }

    /** The same with another value. */
    public <B> Answer<B> saying(B other) {
        return new Answer<>(model, other, cost, unit, truncated, timing);
    }

    /**
     * Why an answer took as long as it did.
     *
     * @param batchRows rows in the batch it rode in, itself included
     * @param batchCost cost of that batch
     * @param prepareNanos time spent on making of the input what the device reads
     * @param queueNanos time spent waiting for the device
     * @param computeNanos time the device spent on the whole batch
     * @param totalNanos time from the start of the pipeline to the answer
     */
    public record Timing(
            int batchRows, int batchCost, long prepareNanos, long queueNanos, long computeNanos, long totalNanos) {}
}
