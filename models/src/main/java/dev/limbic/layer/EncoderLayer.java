package dev.limbic.layer;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Tensor;

/**
 * A transformer encoder layer (Vaswani et al. 2017), with normalisation after each residual (BERT) or before each part (ViT).
 *
 * @param qkv query, key and value side by side, [3H, H]
 * @param attended output of the attention, [H, H]
 * @param attentionNorm [H]
 * @param up [I, H]
 * @param down [H, I]
 * @param outputNorm [H]
 * @param normFirst whether a norm is of what a part reads, and not of what it leaves
 */
public record EncoderLayer(
        Linear qkv,
        Linear attended,
        Norm attentionNorm,
        Linear up,
        Activation activation,
        Linear down,
        Norm outputNorm,
        int heads,
        boolean normFirst) {

    /** hidden ← layer(hidden), in place, [T, H]. */
    public void forward(Ops ops, Tensor hidden, Sequences sequences) {
        try (Scope _ = ops.scope()) {
            Tensor context = ops.attention()
                    .selfAttention(seen(ops, hidden, attentionNorm), qkv, sequences, heads, false); // [T, H]
            add(ops, context, attended, hidden, attentionNorm);
        }
        try (Scope _ = ops.scope()) {
            Tensor wide = ops.rows().linear(seen(ops, hidden, outputNorm), up, activation); // [T, I]
            add(ops, wide, down, hidden, outputNorm);
        }
    }

    private Tensor seen(Ops ops, Tensor hidden, Norm norm) {
        return normFirst ? ops.rows().layerNorm(hidden, norm) : hidden;
    }

    /** hidden ← hidden + linear(x), in place, normalised if that is what comes last. */
    private void add(Ops ops, Tensor x, Linear linear, Tensor hidden, Norm norm) {
        if (normFirst) {
            ops.rows().linearAdd(x, linear, hidden);
        } else {
            ops.rows().linearAddLayerNorm(x, linear, hidden, norm);
        }
    }
}
