package dev.limbic.server.batch;

/** How much work something is. */
record Amount(int rows, long cost) {
    static final Amount NONE = new Amount(0, 0);

    Amount plus(Amount other) {
        return new Amount(rows + other.rows, cost + other.cost);
    }

    /** Without a row of this cost. */
    Amount minus(int rowCost) {
        return new Amount(rows - 1, cost - rowCost);
    }

    /** Full batches that it makes; what remains is less than a batch. */
    long fullBatches(BatchPolicy policy) {
        return (long) batches(policy);
    }

    /** Of its cost, about that of full batches. */
    double fullCost(BatchPolicy policy) {
        return rows == 0 ? 0 : cost * fullBatches(policy) / Math.max(1, batches(policy));
    }

    /** About the cost of the first batch. */
    double batchCost(BatchPolicy policy) {
        return cost / Math.max(1, batches(policy));
    }

    private double batches(BatchPolicy policy) {
        return Math.max((double) rows / policy.maxRows(), (double) cost / policy.maxCost());
    }
}
