package dev.limbic.ops;

import dev.limbic.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations that layers are made of. T is the number of rows of a flat batch, B the number of sequences.
 *
 * <p>Results are new scratch tensors unless said otherwise; they live until the enclosing {@link Scope} closes or the
 * batch ends. Wrong shapes or types throw {@link IllegalArgumentException} naming the operation. Only the thread that
 * owns the device may call.
 */
public interface Ops {
    /** The window of {@link #cachedAttention} in which a row sees all tokens before it. */
    int NO_WINDOW = Integer.MAX_VALUE;

    /** y = activation(x·Wᵀ + bias). x [T, K] → y [T, N]; x is cast if its type is not the weights' activation type. */
    Tensor linear(Tensor x, Linear weights, Activation activation);

    /** y[t] = Σ table[ids[t]] over all lookups, normalised if a norm is given. → [T, H] in the tables' type. */
    Tensor embed(List<Lookup> lookups, @Nullable Norm norm);

    /** residual ← LayerNorm(x + residual), in place. Both [T, H]. */
    void addLayerNorm(Tensor x, Tensor residual, Norm norm);

    /**
     * Scaled dot-product attention within each sequence: softmax(Q·Kᵀ/√d)·V per head.
     *
     * @param qkv [T, 3H], query, key and value side by side, each of {@code heads} × d columns
     * @param causal whether a row sees only rows up to itself
     * @return [T, H]
     */
    Tensor attention(Tensor qkv, Sequences sequences, int heads, boolean causal);

    /** {@link #attention} over x·Wᵀ + bias with the layer that projects to query, key and value. x [T, K] → [T, H]. */
    default Tensor selfAttention(Tensor x, Linear qkv, Sequences sequences, int heads, boolean causal) {
        return attention(linear(x, qkv, Activation.NONE), sequences, heads, causal);
    }

    /** residual ← LayerNorm(x·Wᵀ + bias + residual), in place. x [T, K], residual [T, H]. */
    default void linearAddLayerNorm(Tensor x, Linear weights, Tensor residual, Norm norm) {
        addLayerNorm(linear(x, weights, Activation.NONE), residual, norm);
    }

    /** y = (x − mean)/√(variance + ε)·gain + bias, row by row. x [T, H] → [T, H]. */
    Tensor layerNorm(Tensor x, Norm norm);

    /** y = x/√(mean(x²) + ε)·gain, row by row. x [T, H], gain f32 [H] → [T, H]. */
    Tensor rmsNorm(Tensor x, Tensor gain, float epsilon);

    /** residual ← residual + x, in place. Both [T, H]. */
    void add(Tensor x, Tensor residual);

    /** y = silu(gate)·up. x [T, 2I], each row the gate's I columns, then those of up → [T, I]. */
    Tensor swiGlu(Tensor x);

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

    /** y[i] = x[rows[i]]. x [T, H], rows i32 [N], each in 0 … T−1, which the caller has checked → [N, H]. */
    Tensor gatherRows(Tensor x, Tensor rows);

    /** One row per sequence. x [T, H] → [B, H]. */
    Tensor pool(Tensor x, Sequences sequences, Pooling pooling);

    /** y[b] = Σ softmax(scores within b)[t]·x[t]. x [T, H], scores [T, 1] → [B, H]. */
    Tensor attentionPool(Tensor x, Tensor scores, Sequences sequences);

    /** Columns of all parts side by side. Parts [B, Hᵢ] of one type → [B, ΣHᵢ]. */
    Tensor concat(List<Tensor> parts);

    /** Softmax over each row, shifted by the row's maximum. x [R, C] → [R, C]. */
    Tensor softmax(Tensor x);

    /**
     * Chooses the next token of each of R rows of logits, in this order:
     *
     * <ol>
     *   <li>log-probabilities for the report: log-softmax of the logits as they are;
     *   <li>the row's {@link LogitChanges};
     *   <li>temperature 0: the token with the largest logit, of equal ones the lowest id. Otherwise divide by it;
     *   <li>top-k, of equal logits the lower ids;
     *   <li>top-p of what is left: the fewest most probable tokens whose share is at least p, of equal ones the lower ids;
     *   <li>min-p of what is left;
     *   <li>the first token, by id, at which the running total of the weights left exceeds draw times their sum.
     * </ol>
     *
     * <p>A weight is e^((z − largest)/temperature) in f32, cut to a whole multiple of 2⁻³⁸; sums are sums of whole
     * numbers. So they depend neither on their order nor on the provider, and tokens of less than e^−26 of the largest
     * one's weight are never drawn. Exact arithmetic would choose another token only where draw, p or a share lies within
     * 10⁻⁵ of a border.
     *
     * <p>A row with a logit that is not finite, or whose changes leave no token, is marked in the result and does not
     * touch others; see {@link SampleRow} for the columns.
     *
     * @param logits [R, V], V at most 2²⁴; not changed
     * @param rows how each row is treated, R of them
     * @return f32 [R, 3 + 2·A], A being {@link SampleRow#mostAlternatives}: id, log-probability, outcome, then ids of the
     *     most probable tokens, of equal ones the lower ids first, then their log-probabilities. Places beyond what a row
     *     asked for, or beyond V, have id −1 and log-probability 0. Ids are whole numbers, exact in f32.
     */
    Tensor sample(Tensor logits, List<SampleRow> rows);

    /** One recurrent layer over each sequence. x [T, K] → outputs [T, D·H] and final states [B, D·H]. */
    RecurrentOutput recurrent(Tensor x, Recurrent weights, Sequences sequences);

    /**
     * What a recurrent layer gives.
     *
     * @param outputs hidden state after each row, directions side by side, [T, D·H]
     * @param last final hidden state of each direction (of the backward one: after the first row), [B, D·H]
     */
    record RecurrentOutput(Tensor outputs, Tensor last) {}

    /** Everything allocated while the scope is open is given up when it closes. */
    Scope scope();

    /** See {@link #scope}. */
    interface Scope extends AutoCloseable {
        @Override
        void close();
    }
}
