package dev.limbic.ops;

import static dev.limbic.ops.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import org.junit.jupiter.api.Test;

/** Wrong arguments of attention are refused by name, before anything is read or written. */
interface AttentionShapeCases {
    Workbench bench();

    @Test
    default void attentionRefusesWrongShapes() {
        AttentionOps ops = bench().ops().attention();
        Sequences five = bench().sequences(2, 3);
        refused("attention", () -> ops.attention(bench().zeros(4, 24), five, 2, false));
        refused("attention", () -> ops.attention(bench().zeros(5, 25), five, 1, false));
        refused("attention", () -> ops.attention(bench().zeros(5, 24), five, 3, false));
        refused("attention", () -> ops.attention(bench().zeros(5, 24), five, 0, false));
        refused("attention", () -> ops.attention(bench().integers(5, 24), five, 2, false));
    }

    @Test
    default void headsAndRotaryNameThemselves() {
        AttentionOps ops = bench().ops().attention();
        refused("heads", () -> new Heads(3, 2, 8));
        refused("heads", () -> new Heads(2, 0, 8));
        refused("heads", () -> new Heads(2, 2, 0));
        Heads heads = new Heads(2, 1, 8);
        Rotary rotary = new Rotary(bench().zeros(5, 4), bench().zeros(5, 4), 8, false);
        refused("rotary", () -> ops.rotary(bench().zeros(3, 31), rotary, bench().integers(3), heads));
        refused("rotary", () -> ops.rotary(bench().zeros(3, 32), rotary, bench().integers(2), heads));
        refused("rotary", () -> ops.rotary(bench().zeros(3, 32), rotary, bench().zeros(3, 1), heads));
        refused("rotary", () -> ops.rotary(bench().zeros(3, 32), with(4, 4, 10), bench().integers(3), heads));
        refused("rotary", () -> ops.rotary(bench().zeros(3, 32), with(4, 4, 7), bench().integers(3), heads));
        refused("rotary", () -> ops.rotary(bench().zeros(3, 32), with(4, 3, 8), bench().integers(3), heads));
        refused("rotary", () -> ops.rotary(bench().zeros(3, 32), with(3, 4, 8), bench().integers(3), heads));
    }

    private Rotary with(int cosines, int sines, int dims) {
        return new Rotary(bench().zeros(5, cosines), bench().zeros(5, sines), dims, false);
    }

    @Test
    default void cacheOperationsNameThemselves() {
        AttentionOps ops = bench().ops().attention();
        Device device = bench().device();
        Heads heads = new Heads(2, 1, 8);
        try (KvCache cache = device.kvCache(2, 1, 8, 4, 3, DType.F32);
                KvCache wide = device.kvCache(2, 1, 9, 4, 3, DType.F32);
                KvCache fine = device.kvCache(2, 1, 8, 1, 3, DType.F32)) {
            refused("cacheAppend", () -> ops.cacheAppend(bench().zeros(3, 31), cache, 0, bench().integers(3), heads));
            refused("cacheAppend", () -> ops.cacheAppend(bench().zeros(3, 32), cache, 2, bench().integers(3), heads));
            refused("cacheAppend", () -> ops.cacheAppend(bench().zeros(3, 32), cache, -1, bench().integers(3), heads));
            refused("cacheAppend", () -> ops.cacheAppend(bench().zeros(3, 32), cache, 0, bench().integers(4), heads));
            refused("cacheAppend", () -> ops.cacheAppend(bench().zeros(3, 32), wide, 0, bench().integers(3), heads));
            CachedSequences one = sequences(new int[] {0, 3}, new int[][] {{2, 1}}, 7);
            refused("cachedAttention", () -> ops.cachedAttention(bench().zeros(4, 32), cache, 0, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(bench().zeros(3, 31), cache, 0, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(bench().zeros(3, 32), cache, 2, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(bench().zeros(3, 32), wide, 0, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(bench().zeros(3, 32), fine, 0, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(bench().zeros(3, 32), cache, 0, one, heads, 0));
        }
    }

    private CachedSequences sequences(int[] bounds, int[][] tables, int... contexts) {
        return CachedSequences.on(bench().device(), bounds, tables, contexts, 4, 3);
    }

    @Test
    default void cachedSequencesAreChecked() {
        int[] bounds = {0, 1, 3};
        refused("sequences", () -> sequences(new int[] {0, 0, 3}, new int[][] {{0}, {1}}, 1, 2));
        refused("cached sequences", () -> sequences(bounds, new int[][] {{0}}, 1, 2));
        refused("cached sequences", () -> sequences(bounds, new int[][] {{0}, {1}}, 1));
        refused("cached sequences", () -> sequences(bounds, new int[][] {{0}, {1}}, 1, 1));
        refused("cached sequences", () -> sequences(bounds, new int[][] {{0}, {1}}, 5, 2));
        refused("cached sequences", () -> sequences(bounds, new int[][] {{0}, {3}}, 1, 2));
        refused("cached sequences", () -> sequences(bounds, new int[][] {{-1}, {1}}, 1, 2));
        CachedSequences padded = sequences(bounds, new int[][] {{2, -1}, {1, 0, 77}}, 4, 8);
        assertThat(padded.width()).isEqualTo(3);
        assertThat(padded.tables()).containsExactly(2, 0, 0, 1, 0, 0);
        assertThat(padded.longest()).isEqualTo(2);
    }

    @Test
    default void aCacheNeedsPositiveNumbersAndNumbersToKeep() {
        Device device = bench().device();
        refused("kvCache", () -> device.kvCache(0, 1, 8, 4, 3, DType.F32));
        refused("kvCache", () -> device.kvCache(1, 1, 8, 4, 0, DType.F32));
        refused("kvCache", () -> device.kvCache(1, 1, 8, 1 << 16, 1 << 15, DType.F32));
        refused("kvCache", () -> device.kvCache(1, 1, 8, 4, 3, DType.I8));
        KvCache cache = device.kvCache(2, 3, 5, 4, 7, DType.F32);
        assertThat(cache.bytes()).isEqualTo(2L * 7 * 2 * 3 * 4 * 5 * 4);
        cache.close();
        cache.close();
    }
}
