package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Sequences whose tokens are partly in a cache already and partly new, in shuffled blocks. What no sequence holds is
 * NaN, so that a kernel that reads it is found out.
 *
 * @param type of the activations
 * @param cacheType of the cache
 * @param cached tokens of each sequence that came earlier
 * @param rows new tokens of each sequence, at least one
 * @param window most tokens that a row sees
 * @param tokens query, key and value of all tokens, sequence by sequence, as stored in {@code type}
 */
record CacheCase(
        Workbench bench,
        Heads heads,
        int blockTokens,
        DType type,
        DType cacheType,
        int[] cached,
        int[] rows,
        int window,
        Matrix tokens) {
    private static final int LAYERS = 3;
    private static final int LAYER = 1;

    static CacheCase random(
            Workbench bench, Heads heads, int blockTokens, DType type, DType cacheType, int[] cached, int[] rows) {
        int total = Arrays.stream(cached).sum() + Arrays.stream(rows).sum();
        Matrix tokens = bench.normal(total, heads.columns()).storedAs(type);
        return new CacheCase(bench, heads, blockTokens, type, cacheType, cached, rows, AttentionOps.NO_WINDOW, tokens);
    }

    CacheCase withTokens(Matrix other) {
        return new CacheCase(bench, heads, blockTokens, type, cacheType, cached, rows, window, other.storedAs(type));
    }

    CacheCase within(int tokensSeen) {
        return new CacheCase(bench, heads, blockTokens, type, cacheType, cached, rows, tokensSeen, tokens);
    }

    /** One of the sequences, by itself. */
    CacheCase alone(int b) {
        int first = firstToken(b);
        return new CacheCase(
                bench,
                heads,
                blockTokens,
                type,
                cacheType,
                new int[] {cached[b]},
                new int[] {rows[b]},
                window,
                tokens.rows(first, first + context(b)));
    }

    int count() {
        return rows.length;
    }

    int context(int b) {
        return cached[b] + rows[b];
    }

    /** Row of a sequence's first token in {@link #tokens}. */
    int firstToken(int b) {
        return IntStream.range(0, b).map(this::context).sum();
    }

    /** Row of a sequence's first new token in the result. */
    int firstRow(int b) {
        return Arrays.stream(rows, 0, b).sum();
    }

    private int blocksOf(int b) {
        return Math.ceilDiv(context(b), blockTokens);
    }

    /** Blocks of all sequences dealt out in random order; three are left over. */
    private int[][] tables(int blocks) {
        List<Integer> order = IntStream.range(0, blocks).boxed().collect(Collectors.toList());
        Collections.shuffle(order, bench.random());
        int[][] tables = new int[count()][];
        int next = 0;
        for (int b = 0; b < tables.length; b++) {
            tables[b] = order.subList(next, next + blocksOf(b)).stream()
                    .mapToInt(i -> i)
                    .toArray();
            next += tables[b].length;
        }
        return tables;
    }

    /** What the device makes of the new rows. */
    float[] run() {
        int blocks = IntStream.range(0, count()).map(this::blocksOf).sum() + 3;
        int[][] tables = tables(blocks);
        Ops ops = bench.ops();
        try (KvCache cache =
                bench.device().kvCache(LAYERS, heads.keys(), heads.size(), blockTokens, blocks, cacheType)) {
            poison(cache);
            int early = Arrays.stream(cached).sum();
            if (early > 0) {
                append(cache, tables, new int[count()], cached);
            }
            Tensor qkv = append(cache, tables, cached, rows);
            int[] contexts = IntStream.range(0, count()).map(this::context).toArray();
            CachedSequences sequences =
                    CachedSequences.on(bench.device(), Workbench.bounds(rows), tables, contexts, blockTokens, blocks);
            return bench.download(ops.attention().cachedAttention(qkv, cache, LAYER, sequences, heads, window));
        }
    }

    private void poison(KvCache cache) {
        int slots = cache.blocks() * cache.blockTokens();
        float[] nan = new float[slots * heads.columns()];
        Arrays.fill(nan, Float.NaN);
        Tensor rows = bench.device().upload(nan, slots, heads.columns());
        Tensor all = bench.device().upload(IntStream.range(0, slots).toArray());
        for (int layer = 0; layer < LAYERS; layer++) {
            bench.ops().attention().cacheAppend(rows, cache, layer, all, heads);
        }
    }

    /** Appends {@code counts[b]} tokens of each sequence from {@code from[b]} on, as one flat batch. */
    private Tensor append(KvCache cache, int[][] tables, int[] from, int[] counts) {
        int total = Arrays.stream(counts).sum();
        int[] slots = new int[total];
        float[] values = new float[total * heads.columns()];
        int row = 0;
        for (int b = 0; b < count(); b++) {
            for (int i = from[b]; i < from[b] + counts[b]; i++) {
                slots[row] = tables[b][i / blockTokens] * blockTokens + i % blockTokens;
                int source = (firstToken(b) + i) * heads.columns();
                System.arraycopy(tokens.values(), source, values, row * heads.columns(), heads.columns());
                row++;
            }
        }
        Tensor qkv = bench.upload(new Matrix(total, heads.columns(), values), type);
        bench.ops().attention().cacheAppend(qkv, cache, LAYER, bench.device().upload(slots), heads);
        return qkv;
    }

    /** What a provider may be off by, see {@link CachedOracle}. */
    double[] allowance() {
        return oracle().allowance(decoding());
    }

    private CachedOracle oracle() {
        return new CachedOracle(heads, cacheType, cached, rows, window, tokens, tokens.storedAs(cacheType));
    }

    private int decoding() {
        int decoding = 0;
        while (decoding < rows.length && rows[decoding] == 1) {
            decoding++;
        }
        return decoding;
    }

    void check(String what) {
        String name = "cachedAttention " + what + " " + heads + " blocks of " + blockTokens + " " + type + ", cache "
                + cacheType;
        oracle().check(name, run(), Closeness.of(type), decoding());
    }
}
