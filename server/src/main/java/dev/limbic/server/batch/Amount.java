package dev.limbic.server.batch;

/** How much work something is. */
record Amount(int rows, long tokens) {
    static final Amount NONE = new Amount(0, 0);

    Amount plus(Amount other) {
        return new Amount(rows + other.rows, tokens + other.tokens);
    }

    /** Without a row of so many tokens. */
    Amount minus(int rowTokens) {
        return new Amount(rows - 1, tokens - rowTokens);
    }

    /** Full batches that it makes; what remains is less than a batch. */
    long fullBatches(BatchPolicy policy) {
        return (long) batches(policy);
    }

    /** Of its tokens, about those in full batches. */
    double fullTokens(BatchPolicy policy) {
        return rows == 0 ? 0 : tokens * fullBatches(policy) / Math.max(1, batches(policy));
    }

    /** About the tokens of the first batch. */
    double batchTokens(BatchPolicy policy) {
        return tokens / Math.max(1, batches(policy));
    }

    private double batches(BatchPolicy policy) {
        return Math.max((double) rows / policy.maxRows(), (double) tokens / policy.maxTokens());
    }
}
