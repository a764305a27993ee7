package dev.limbic.layer;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Tensor;

/**
 * A transformer encoder layer with normalisation after each residual (Vaswani et al. 2017; BERT).
 *
 * @param qkv query, key and value side by side, [3H, H]
 * @param attended output of the attention, [H, H]
 * @param attentionNorm [H]
 * @param up [I, H]
 * @param down [H, I]
 * @param outputNorm [H]
 */
public record EncoderLayer(
        Linear qkv,
        Linear attended,
        Norm attentionNorm,
        Linear up,
        Activation activation,
        Linear down,
        Norm outputNorm,
        int heads) {

    /** hidden ← layer(hidden), in place, [T, H]. */
    public void forward(Ops ops, Tensor hidden, Sequences sequences) {
        try (Scope _ = ops.scope()) {
            Tensor context = ops.attention().selfAttention(hidden, qkv, sequences, heads, false); // [T, H]
            ops.rows().linearAddLayerNorm(context, attended, hidden, attentionNorm);
        }
        try (Scope _ = ops.scope()) {
            Tensor wide = ops.rows().linear(hidden, up, activation); // [T, I]
            ops.rows().linearAddLayerNorm(wide, down, hidden, outputNorm);
        }
    }
}
