package dev.limbic.ops;

import dev.limbic.tensor.Tensor;

/** Attention within a flat batch and over a cache of keys and values, and what it needs. See {@link Ops}. */
public interface AttentionOps {
    /** The window of {@link #cachedAttention} in which a row sees all tokens before it. */
    int NO_WINDOW = Integer.MAX_VALUE;

    /**
     * Scaled dot-product attention within each sequence: softmax(Q·Kᵀ/√d)·V per head.
     *
     * @param qkv [T, 3H], query, key and value side by side, each of {@code heads} × d columns
     * @param causal whether a row sees only rows up to itself
     * @return [T, H]
     */
    Tensor attention(Tensor qkv, Sequences sequences, int heads, boolean causal);

    /** {@link #attention} over x·Wᵀ + bias with the layer that projects to query, key and value. x [T, K] → [T, H]. */
    Tensor selfAttention(Tensor x, Linear qkv, Sequences sequences, int heads, boolean causal);

    /**
     * Turns the query and key columns of each row by its position, in place.
     *
     * @param qkv [T, (queries + 2·keys)·size]
     * @param positions i32 [T], each in 0 … P−1 of the angles' [P, dims/2], which the caller has checked
     */
    void rotary(Tensor qkv, Rotary rotary, Tensor positions, Heads heads);

    /**
     * Stores key and value of row t, rounded to the cache's type, in slot {@code slots[t]} of a layer: that is block
     * slot / blockTokens, place slot % blockTokens. A negative slot is skipped; no slot is given twice.
     *
     * @param qkv [T, (queries + 2·keys)·size]
     * @param slots i32 [T], each below blocks·blockTokens, which the caller has checked
     */
    void cacheAppend(Tensor qkv, KvCache cache, int layer, Tensor slots, Heads heads);

    /**
     * Scaled dot-product attention of the new rows over what the cache holds of their sequences, up to themselves:
     * softmax(q·Kᵀ/√size)·V per query head. Query head i uses the keys and values of head i / (queries / keys). Sums are
     * f32. In rows of prompts a provider may round queries, and the weights that softmax gives, to the type of the cache
     * before it multiplies, as its keys and values are; in rows that decode it does not.
     *
     * @param qkv [T, (queries + 2·keys)·size], of which only the queries are read
     * @param window most tokens that a row sees, the last of them its own, at least 1; {@link #NO_WINDOW} for all
     * @return [T, queries·size]
     */
    Tensor cachedAttention(Tensor qkv, KvCache cache, int layer, CachedSequences sequences, Heads heads, int window);
}
