package dev.limbic.ops;

import static dev.limbic.ops.Witness.largest;

import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/** See {@link CheckedDevice}. */
final class CheckedAttention implements AttentionOps {
    /** Where a token of a cache is. */
    private record Place(int layer, int slot) {}

    private final AttentionOps ops;
    private final RowOps rows;
    private final Witness witness;

    /** Keys and values of each token, rounded as the cache keeps them. */
    private final IdentityHashMap<KvCache, Map<Place, float[]>> caches = new IdentityHashMap<>();

    CheckedAttention(Ops ops, Witness witness) {
        this.ops = ops.attention();
        rows = ops.rows();
        this.witness = witness;
    }

    @Override
    public Tensor attention(Tensor qkv, Sequences sequences, int heads, boolean causal) {
        Tensor y = ops.attention(qkv, sequences, heads, causal);
        check("attention", witness.of(qkv), sequences, heads, causal, y, Closeness.of(y.dtype()));
        return y;
    }

    /** The product by itself first: what follows is then held to what the device makes of it. */
    @Override
    public Tensor selfAttention(Tensor x, Linear qkv, Sequences sequences, int heads, boolean causal) {
        Tensor product = rows.linear(x, qkv, Activation.NONE);
        witness.checkProduct("selfAttention", x, qkv, Activation.NONE, product);
        Tensor y = ops.selfAttention(x, qkv, sequences, heads, causal);
        check("selfAttention", witness.of(product), sequences, heads, causal, y, Closeness.fused(y.dtype()));
        return y;
    }

    private void check(
            String operation,
            Matrix qkv,
            Sequences sequences,
            int heads,
            boolean causal,
            Tensor y,
            Closeness closeness) {
        double[] expected = Oracle.attention(qkv, Witness.lengths(sequences), heads, causal);
        witness.check(operation, y, expected, closeness.scaled(size(qkv, y.columns() / heads)));
    }

    /** Rounding of a score, of which a sum is, and of what is weighted by its exponential, where a unit is neither. */
    private static double size(Matrix qkv, int columns) {
        double largest = Math.max(1, largest(qkv));
        return largest * Math.max(1, largest * largest * Math.sqrt(columns) / 8);
    }

    @Override
    public void rotary(Tensor qkv, Rotary rotary, Tensor positions, Heads heads) {
        Matrix before = witness.of(qkv);
        double[] expected = Oracle.rotary(
                before,
                witness.of(rotary.cosine()),
                witness.of(rotary.sine()),
                rotary.interleaved(),
                witness.integers(positions),
                heads);
        ops.rotary(qkv, rotary, positions, heads);
        witness.check("rotary", qkv, expected, largest(before));
    }

    @Override
    public void cacheAppend(Tensor qkv, KvCache cache, int layer, Tensor slots, Heads heads) {
        ops.cacheAppend(qkv, cache, layer, slots, heads);
        Matrix stored = witness.of(qkv).storedAs(cache.dtype());
        int[] numbers = witness.integers(slots);
        Map<Place, float[]> mirror = caches.computeIfAbsent(cache, _ -> new HashMap<>());
        for (int t = 0; t < numbers.length; t++) {
            mirror.put(new Place(layer, numbers[t]), stored.rows(t, t + 1).values());
        }
    }

    @Override
    public Tensor cachedAttention(
            Tensor qkv, KvCache cache, int layer, CachedSequences sequences, Heads heads, int window) {
        Tensor y = ops.cachedAttention(qkv, cache, layer, sequences, heads, window);
        Matrix own = witness.of(qkv);
        int[] counts = new int[sequences.count()];
        int[] cached = new int[counts.length];
        Arrays.setAll(counts, sequences::rows);
        Arrays.setAll(cached, b -> sequences.contexts()[b] - counts[b]);
        int total = Arrays.stream(sequences.contexts()).sum();
        float[] tokens = new float[total * heads.columns()];
        float[] stored = new float[tokens.length];
        int at = 0;
        for (int b = 0; b < counts.length; b++) {
            for (int i = 0; i < sequences.contexts()[b]; i++, at += heads.columns()) {
                int slot = sequences.block(b, i / cache.blockTokens()) * cache.blockTokens() + i % cache.blockTokens();
                System.arraycopy(token(cache, new Place(layer, slot)), 0, stored, at, heads.columns());
                if (i >= cached[b]) {
                    int row = sequences.first(b) + i - cached[b];
                    System.arraycopy(own.values(), row * heads.columns(), tokens, at, heads.columns());
                }
            }
        }
        CachedOracle oracle = new CachedOracle(
                heads,
                cache.dtype(),
                cached,
                counts,
                window,
                new Matrix(total, heads.columns(), tokens),
                new Matrix(total, heads.columns(), stored));
        Closeness closeness = Closeness.of(y.dtype()).scaled(size(own, heads.size()));
        oracle.check("cachedAttention", witness.of(y).values(), closeness, sequences.decoding());
        witness.compared("cachedAttention");
        return y;
    }

    private float[] token(KvCache cache, Place place) {
        float[] token = caches.getOrDefault(cache, Map.of()).get(place);
        if (token == null) {
            throw new AssertionError("cachedAttention: nothing was ever appended at " + place);
        }
        return token;
    }
}
