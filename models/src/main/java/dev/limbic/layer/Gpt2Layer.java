package dev.limbic.layer;

import dev.limbic.ops.Activation;
import dev.limbic.ops.AttentionOps;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Scope;
import dev.limbic.tensor.Tensor;

/**
 * A decoder layer with normalisation before each part (Radford et al. 2019, GPT-2).
 *
 * @param attentionNorm [H]
 * @param qkv query, key and value side by side, [3H, H]
 * @param attended output of the attention, [H, H]
 * @param mlpNorm [H]
 * @param up [I, H]
 * @param down [H, I]
 */
public record Gpt2Layer(
        Norm attentionNorm,
        Linear qkv,
        Linear attended,
        Norm mlpNorm,
        Linear up,
        Activation activation,
        Linear down,
        Heads heads)
        implements DecoderLayer {

    @Override
    public void forward(Ops ops, Tensor hidden, DecoderRows rows, KvCache cache, int layer) {
        AttentionOps attention = ops.attention();
        try (Scope _ = ops.scope()) {
            Tensor projected =
                    ops.rows().linear(ops.rows().layerNorm(hidden, attentionNorm), qkv, Activation.NONE); // [T, 3H]
            attention.cacheAppend(projected, cache, layer, rows.slots(), heads);
            CachedSequences sequences = rows.sequences();
            Tensor context = attention.cachedAttention(
                    projected, cache, layer, sequences, heads, AttentionOps.NO_WINDOW); // [T, H]
            ops.rows().linearAdd(context, attended, hidden);
        }
        try (Scope _ = ops.scope()) {
            Tensor wide = ops.rows().linear(ops.rows().layerNorm(hidden, mlpNorm), up, activation); // [T, I]
            ops.rows().linearAdd(wide, down, hidden);
        }
    }
}
