package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.AttentionOps;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Checks;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Rotary;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;

/** Attention: heads and rows are dealt out to the team. */
final class CpuAttentionOps implements AttentionOps {
    private final CpuEngine engine;
    private final Products products;

    CpuAttentionOps(CpuEngine engine, Products products) {
        this.engine = engine;
        this.products = products;
    }

    @Override
    public Tensor attention(Tensor qkv, Sequences sequences, int heads, boolean causal) {
        Checks.attention(qkv, sequences, heads);
        int h = qkv.columns() / 3;
        int d = h / heads;
        DType type = qkv.dtype();
        Tensor y = engine.allocate(type, qkv.rows(), h);
        long headBytes = (long) d * type.bytes();
        int together = AttentionProducts.together(
                sequences, causal, heads, d, type, engine.team().size());
        int items = heads / together;
        engine.shares().items(sequences.count() * items, qkv.rows() * qkv.rowBytes(), (worker, from, to) -> {
            for (int i = from; i < to; i++) {
                int sequence = i / items;
                int start = sequences.first(sequence);
                int length = sequences.length(sequence);
                long first = headBytes * together * (i % items);
                long q = qkv.row(start) + first;
                long k = q + heads * headBytes;
                long v = k + heads * headBytes;
                long out = y.row(start) + first;
                long stride = qkv.rowBytes();
                if (AttentionProducts.takes(length, causal)) {
                    AttentionProducts.heads(worker, type, q, k, v, stride, length, together, d, out, y.rowBytes());
                    continue;
                }
                for (long at = 0; at < together * headBytes; at += headBytes) {
                    Attention.head(
                            worker, type, q + at, k + at, v + at, stride, length, d, causal, out + at, y.rowBytes());
                }
            }
        });
        return y;
    }

    @Override
    public Tensor selfAttention(Tensor x, Linear qkv, Sequences sequences, int heads, boolean causal) {
        return attention(products.linear(x, qkv, Activation.NONE), sequences, heads, causal);
    }

    @Override
    public void rotary(Tensor qkv, Rotary rotary, Tensor positions, Heads heads) {
        Checks.rotary(qkv, rotary, positions, heads);
        int turned = heads.queries() + heads.keys();
        int n = turned * heads.size();
        DType type = qkv.dtype();
        int count = rotary.cosine().rows();
        for (int r = 0; r < qkv.rows(); r++) {
            int position = Ram.getInt(positions.address() + 4L * r);
            if (position < 0 || position >= count) {
                throw new IllegalArgumentException("rotary: position " + position + " of " + count);
            }
        }
        engine.shares().rows(qkv.rows(), 2L * qkv.rows() * qkv.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long wide = worker.scratch().allocate(4L * n);
            for (int r = from; r < to; r++) {
                int position = Ram.getInt(positions.address() + 4L * r);
                long row = Rows.read(type, qkv.row(r), n, wide);
                long cosine = rotary.cosine().row(position);
                long sine = rotary.sine().row(position);
                for (int head = 0; head < turned; head++) {
                    long columns = row + 4L * head * heads.size();
                    if (rotary.interleaved()) {
                        RotaryKernels.turnNeighbours(columns, cosine, sine, rotary.dims() / 2);
                    } else {
                        RotaryKernels.turnHalves(columns, cosine, sine, rotary.dims() / 2);
                    }
                }
                Rows.write(type, row, qkv.row(r), n);
            }
            worker.scratch().rewind(mark);
        });
    }

    @Override
    public void cacheAppend(Tensor qkv, KvCache kvCache, int layer, Tensor slots, Heads heads) {
        Checks.cacheAppend(qkv, kvCache, layer, slots, heads);
        CpuKvCache cache = (CpuKvCache) kvCache;
        int size = heads.size();
        int elementBytes = qkv.dtype().bytes();
        int limit = cache.blocks() * cache.blockTokens();
        for (int t = 0; t < qkv.rows(); t++) {
            int slot = Ram.getInt(slots.address() + 4L * t);
            if (slot >= limit) {
                throw new IllegalArgumentException("cacheAppend: slot " + slot + " of " + limit);
            }
        }
        engine.shares().rows(qkv.rows(), qkv.rows() * qkv.rowBytes(), (worker, from, to) -> {
            for (int t = from; t < to; t++) {
                int slot = Ram.getInt(slots.address() + 4L * t);
                for (int head = 0; slot >= 0 && head < heads.keys(); head++) {
                    long key = qkv.row(t) + (long) (heads.queries() + head) * size * elementBytes;
                    long value = key + (long) heads.keys() * size * elementBytes;
                    long target = cache.keys(layer, slot / cache.blockTokens(), head)
                            + slot % cache.blockTokens() * cache.rowBytes();
                    Rows.convert(qkv.dtype(), key, cache.dtype(), target, size);
                    Rows.convert(qkv.dtype(), value, cache.dtype(), target + cache.toValues(), size);
                }
            }
        });
    }

    @Override
    public Tensor cachedAttention(
            Tensor qkv, KvCache cache, int layer, CachedSequences sequences, Heads heads, int window) {
        Checks.cachedAttention(qkv, cache, layer, sequences, heads, window);
        Tensor y = engine.allocate(qkv.dtype(), qkv.rows(), heads.queries() * heads.size());
        new CachedAttention(qkv, (CpuKvCache) cache, layer, sequences, heads, window, y)
                .run(engine.shares(), engine.scratch());
        return y;
    }
}
