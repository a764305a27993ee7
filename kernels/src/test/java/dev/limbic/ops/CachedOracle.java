package dev.limbic.ops;

import dev.limbic.tensor.DType;

/**
 * {@link AttentionOps#cachedAttention} in double, and what may be off.
 *
 * @param cacheType of the cache
 * @param cached tokens of each sequence that came earlier
 * @param rows new tokens of each sequence, at least one
 * @param window most tokens that a row sees
 * @param tokens queries of all tokens, sequence by sequence; those of tokens that came earlier are not read
 * @param stored keys and values of the same tokens as the cache keeps them
 */
record CachedOracle(Heads heads, DType cacheType, int[] cached, int[] rows, int window, Matrix tokens, Matrix stored) {
    void check(String what, float[] y, Closeness closeness, int decoding) {
        closeness.check(what, y, expected(tokens, stored), allowance(decoding));
    }

    private double[] expected(Matrix queries, Matrix keys) {
        return Oracle.cachedAttention(queries, keys, cached, rows, heads, window);
    }

    /**
     * What a provider may be off by that rounds the queries and weights of prompts to a cache of bf16: the difference
     * that the rounded queries make, and half a unit in the last place of each weight.
     *
     * @param decoding the first so many sequences have one row and are not prompts
     */
    double[] allowance(int decoding) {
        double[] exact = expected(tokens, stored);
        double[] allowance = new double[exact.length];
        if (cacheType != DType.BF16) {
            return allowance;
        }
        Matrix queries = tokens.storedAs(cacheType);
        double[] rounded = expected(queries, stored);
        double[] magnitudes = expected(queries, magnitudesOfValues());
        int prompts = 0;
        for (int b = 0; b < decoding; b++) {
            prompts += rows[b];
        }
        for (int i = prompts * heads.queries() * heads.size(); i < exact.length; i++) {
            allowance[i] = Math.abs(exact[i] - rounded[i]) + 0x1p-8 * magnitudes[i];
        }
        return allowance;
    }

    private Matrix magnitudesOfValues() {
        float[] magnitudes = stored.values().clone();
        int firstValue = (heads.queries() + heads.keys()) * heads.size();
        for (int i = 0; i < magnitudes.length; i++) {
            magnitudes[i] = i % heads.columns() < firstValue ? magnitudes[i] : Math.abs(magnitudes[i]);
        }
        return new Matrix(stored.rows(), stored.columns(), magnitudes);
    }
}
