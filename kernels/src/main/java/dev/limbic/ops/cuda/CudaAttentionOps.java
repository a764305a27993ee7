package dev.limbic.ops.cuda;

import dev.limbic.ops.AttentionOps;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Checks;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Rotary;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Tensor;

/** Attention: a block takes some queries of one head of one sequence. */
final class CudaAttentionOps implements AttentionOps {
    private final CudaEngine engine;
    private final Products products;

    CudaAttentionOps(CudaEngine engine, Products products) {
        this.engine = engine;
        this.products = products;
    }

    @Override
    public Tensor attention(Tensor qkv, Sequences sequences, int heads, boolean causal) {
        return attention(qkv, 0, sequences, heads, causal);
    }

    /** The bias is added on the way to the scores, which saves a round through memory. */
    @Override
    public Tensor selfAttention(Tensor x, Linear qkv, Sequences sequences, int heads, boolean causal) {
        Checks.linear(x, qkv);
        CudaLinear w = (CudaLinear) qkv;
        return attention(products.of(x, w), w.bias(), sequences, heads, causal);
    }

    private Tensor attention(Tensor qkv, long bias, Sequences sequences, int heads, boolean causal) {
        Checks.attention(qkv, sequences, heads);
        int d = qkv.columns() / 3 / heads;
        boolean tiled = d <= KernelNumbers.WIDE_HEAD;
        String kernel = d <= KernelNumbers.TILED_HEAD ? "attention" : tiled ? "attention_wide" : "attention_any";
        Tensor y = engine.allocate(qkv.dtype(), qkv.rows(), heads * d);
        int tiles = Math.ceilDiv(sequences.longest(), tiled ? KernelNumbers.TILE_ROWS : KernelNumbers.WARPS);
        engine.kernels()
                .of("attention", kernel, qkv.dtype())
                .pointer(y.address())
                .pointer(qkv.address())
                .pointer(bias)
                .pointer(sequences.cuSeqlens().address())
                .integer(heads)
                .integer(d)
                .integer(causal ? 1 : 0)
                .launch(tiles, heads, sequences.count(), tiled ? KernelNumbers.TILE_BLOCK : KernelNumbers.ROW_BLOCK, 0);
        return y;
    }

    @Override
    public void rotary(Tensor qkv, Rotary rotary, Tensor positions, Heads heads) {
        Checks.rotary(qkv, rotary, positions, heads);
        int turned = heads.queries() + heads.keys();
        engine.kernels()
                .of("rotary", "rotary", qkv.dtype())
                .pointer(qkv.address())
                .pointer(rotary.cosine().address())
                .pointer(rotary.sine().address())
                .pointer(positions.address())
                .integer(qkv.rows())
                .integer(qkv.columns())
                .integer(turned)
                .integer(heads.size())
                .integer(rotary.dims() / 2)
                .integer(rotary.interleaved() ? 1 : 0)
                .launch(
                        Math.ceilDiv(Math.multiplyExact(qkv.rows(), turned), KernelNumbers.WARPS),
                        KernelNumbers.ROW_BLOCK);
    }

    @Override
    public void cacheAppend(Tensor qkv, KvCache kvCache, int layer, Tensor slots, Heads heads) {
        Checks.cacheAppend(qkv, kvCache, layer, slots, heads);
        CudaKvCache cache = (CudaKvCache) kvCache;
        int stored = 2 * heads.keys();
        engine.kernels()
                .of("cache_append", pair("cache_append", qkv, cache))
                .pointer(cache.layer(layer))
                .pointer(qkv.address())
                .pointer(slots.address())
                .integer(qkv.rows())
                .integer(heads.queries())
                .integer(heads.keys())
                .integer(heads.size())
                .integer(cache.blockTokens())
                .launch(
                        Math.ceilDiv(Math.multiplyExact(qkv.rows(), stored), KernelNumbers.WARPS),
                        KernelNumbers.ROW_BLOCK);
    }

    @Override
    public Tensor cachedAttention(
            Tensor qkv, KvCache kvCache, int layer, CachedSequences sequences, Heads heads, int window) {
        Checks.cachedAttention(qkv, kvCache, layer, sequences, heads, window);
        CudaKvCache cache = (CudaKvCache) kvCache;
        Tensor y = engine.allocate(qkv.dtype(), qkv.rows(), heads.queries() * heads.size());
        boolean dealt = heads.size() <= KernelNumbers.DEALT_HEAD;
        String kernel = dealt ? "cached_attention" : "cached_attention_any";
        int items = Math.multiplyExact(sequences.longest(), heads.group());
        engine.kernels()
                .of("cached_attention", pair(kernel, qkv, cache))
                .pointer(y.address())
                .pointer(qkv.address())
                .pointer(cache.layer(layer))
                .pointer(sequences.cuSeqlens().address())
                .pointer(sequences.blockTables().address())
                .pointer(sequences.contextLengths().address())
                .integer(sequences.width())
                .integer(heads.queries())
                .integer(heads.keys())
                .integer(heads.size())
                .integer(cache.blockTokens())
                .integer(window)
                .launch(
                        Math.ceilDiv(items, dealt ? KernelNumbers.CACHED_ITEMS : KernelNumbers.WARPS),
                        heads.keys(),
                        sequences.count(),
                        dealt ? KernelNumbers.CACHED_BLOCK : KernelNumbers.ROW_BLOCK,
                        0);
        return y;
    }

    /** Kernels of the cache exist for every type of activations with every type of the cache. */
    private static String pair(String kernel, Tensor qkv, CudaKvCache cache) {
        return KernelFamily.paired(kernel, qkv.dtype(), cache.dtype());
    }
}
