package dev.limbic.layer;

import dev.limbic.ops.Activation;
import dev.limbic.ops.AttentionOps;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Rotary;
import dev.limbic.ops.Scope;
import dev.limbic.tensor.Tensor;

/**
 * A decoder layer of the Llama family (Touvron et al. 2023): root-mean-square norms, rotary positions, grouped-query
 * attention, SwiGLU. q query heads, k key and value heads of d columns.
 *
 * @param attentionNorm gain, [H]
 * @param qkv query, keys and values side by side, [(q + 2k)·d, H]
 * @param rotary of positions
 * @param attended output of the attention, [H, q·d]
 * @param mlpNorm gain, [H]
 * @param gateUp gate and up projection side by side, [2I, H]
 * @param down [H, I]
 * @param window most tokens that a row sees, its own included; {@link AttentionOps#NO_WINDOW} for all
 * @param epsilon of both norms
 */
public record LlamaLayer(
        Tensor attentionNorm,
        Linear qkv,
        Rotary rotary,
        Linear attended,
        Tensor mlpNorm,
        Linear gateUp,
        Linear down,
        Heads heads,
        int window,
        float epsilon)
        implements DecoderLayer {

    @Override
    public void forward(Ops ops, Tensor hidden, DecoderRows rows, KvCache cache, int layer) {
        AttentionOps attention = ops.attention();
        try (Scope _ = ops.scope()) {
            Tensor normal = ops.rows().rmsNorm(hidden, attentionNorm, epsilon); // [T, H]
            Tensor projected = ops.rows().linear(normal, qkv, Activation.NONE); // [T, (q + 2k)·d]
            attention.rotary(projected, rotary, rows.positions(), heads);
            attention.cacheAppend(projected, cache, layer, rows.slots(), heads);
            Tensor context =
                    attention.cachedAttention(projected, cache, layer, rows.sequences(), heads, window); // [T, q·d]
            ops.rows().linearAdd(context, attended, hidden);
        }
        try (Scope _ = ops.scope()) {
            Tensor normal = ops.rows().rmsNorm(hidden, mlpNorm, epsilon); // [T, H]
            Tensor wide = ops.rows().swiGlu(ops.rows().linear(normal, gateUp, Activation.NONE)); // [T, I]
            ops.rows().linearAdd(wide, down, hidden);
        }
    }
}
