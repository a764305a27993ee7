package dev.limbic.layer;

import dev.limbic.ops.Activation;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
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
        try (Ops.Scope _ = ops.scope()) {
            Tensor projected = ops.linear(ops.layerNorm(hidden, attentionNorm), qkv, Activation.NONE); // [T, 3H]
            ops.cacheAppend(projected, cache, layer, rows.slots(), heads);
            CachedSequences sequences = rows.sequences();
            Tensor context = ops.cachedAttention(projected, cache, layer, sequences, heads, Ops.NO_WINDOW); // [T, H]
            ops.add(ops.linear(context, attended, Activation.NONE), hidden);
        }
        try (Ops.Scope _ = ops.scope()) {
            Tensor wide = ops.linear(ops.layerNorm(hidden, mlpNorm), up, activation); // [T, I]
            ops.add(ops.linear(wide, down, Activation.NONE), hidden);
        }
    }
}
