package dev.limbic.ops;

import dev.limbic.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operations on rows: products, norms, functions of elements, pooling over the rows of a sequence. See {@link Ops}. */
public interface RowOps {
    /** y = activation(x·Wᵀ + bias). x [T, K] → y [T, N]; x is cast if its type is not the weights' activation type. */
    Tensor linear(Tensor x, Linear weights, Activation activation);

    /** residual ← x·Wᵀ + bias + residual, in place. x [T, K], residual [T, N] of the weights' activations. */
    default void linearAdd(Tensor x, Linear weights, Tensor residual) {
        add(linear(x, weights, Activation.NONE), residual);
    }

    /** residual ← LayerNorm(x·Wᵀ + bias + residual), in place. x [T, K], residual [T, H]. */
    default void linearAddLayerNorm(Tensor x, Linear weights, Tensor residual, Norm norm) {
        addLayerNorm(linear(x, weights, Activation.NONE), residual, norm);
    }

    /**
     * y[t] = Σ table[ids[t]] over one to {@link Lookup#MOST} lookups, normalised if a norm is given. → [T, H] in the
     * tables' type.
     */
    Tensor embed(List<Lookup> lookups, @Nullable Norm norm);

    /** y = (x − mean)/√(variance + ε)·gain + bias, row by row. x [T, H] → [T, H]. */
    Tensor layerNorm(Tensor x, Norm norm);

    /** residual ← LayerNorm(x + residual), in place. Both [T, H]. */
    void addLayerNorm(Tensor x, Tensor residual, Norm norm);

    /** y = x/√(mean(x²) + ε)·gain, row by row. x [T, H], gain f32 [H] → [T, H]. */
    Tensor rmsNorm(Tensor x, Tensor gain, float epsilon);

    /** residual ← residual + x, in place. Both [T, H]. */
    void add(Tensor x, Tensor residual);

    /** y = silu(gate)·up. x [T, 2I], each row the gate's I columns, then those of up → [T, I]. */
    Tensor swiGlu(Tensor x);

    /** Softmax over each row, shifted by the row's maximum. x [R, C] → [R, C]. */
    Tensor softmax(Tensor x);

    /** y[i] = x[rows[i]]. x [T, H], rows i32 [N], each in 0 … T−1, which the caller has checked → [N, H]. */
    Tensor gatherRows(Tensor x, Tensor rows);

    /** Columns of all parts side by side. Parts [B, Hᵢ] of one type → [B, ΣHᵢ]. */
    Tensor concat(List<Tensor> parts);

    /** One row per sequence. x [T, H] → [B, H]. */
    Tensor pool(Tensor x, Sequences sequences, Pooling pooling);

    /** y[b] = Σ softmax(scores within b)[t]·x[t]. x [T, H], scores [T, 1] → [B, H]. */
    Tensor attentionPool(Tensor x, Tensor scores, Sequences sequences);
}
