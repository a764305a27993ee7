package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Wrong arguments of a decoder's operations are refused by name, before anything is read or written. */
interface DecoderShapeCases {
    Workbench bench();

    private static void refused(String operation, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(operation);
    }

    private Tensor numbers(int rows, int columns) {
        return bench().device().upload(new float[rows * columns], rows, columns);
    }

    private Tensor integers(int count) {
        return bench().device().upload(new int[count]);
    }

    private Tensor vector(int n) {
        return bench().weights().tensor(new Matrix(1, n, new float[n]).hostVector(), DType.F32);
    }

    @Test
    default void rowOperationsOfDecodersNameThemselves() {
        bench().assumeDecodes();
        Ops ops = bench().ops();
        refused("layerNorm", () -> ops.layerNorm(numbers(3, 8), new Norm(vector(8), vector(7), 1e-5f)));
        refused("layerNorm", () -> ops.layerNorm(integers(3), new Norm(vector(1), vector(1), 1e-5f)));
        refused("rmsNorm", () -> ops.rmsNorm(numbers(3, 8), vector(7), 1e-5f));
        refused("rmsNorm", () -> ops.rmsNorm(numbers(3, 8), integers(8), 1e-5f));
        refused("add", () -> ops.add(numbers(3, 8), numbers(3, 7)));
        refused("add", () -> ops.add(numbers(3, 8), numbers(2, 8)));
        refused("add", () -> ops.add(integers(8), integers(8)));
        refused("swiGlu", () -> ops.swiGlu(numbers(3, 7)));
        refused("swiGlu", () -> ops.swiGlu(integers(8)));
    }

    @Test
    default void headsAndRotaryNameThemselves() {
        bench().assumeDecodes();
        Ops ops = bench().ops();
        refused("heads", () -> new Heads(3, 2, 8));
        refused("heads", () -> new Heads(2, 0, 8));
        refused("heads", () -> new Heads(2, 2, 0));
        Heads heads = new Heads(2, 1, 8);
        Rotary rotary = new Rotary(numbers(5, 4), numbers(5, 4), 8, false);
        refused("rotary", () -> ops.rotary(numbers(3, 31), rotary, integers(3), heads));
        refused("rotary", () -> ops.rotary(numbers(3, 32), rotary, integers(2), heads));
        refused("rotary", () -> ops.rotary(numbers(3, 32), rotary, numbers(3, 1), heads));
        refused("rotary", () -> ops.rotary(numbers(3, 32), with(4, 4, 10), integers(3), heads));
        refused("rotary", () -> ops.rotary(numbers(3, 32), with(4, 4, 7), integers(3), heads));
        refused("rotary", () -> ops.rotary(numbers(3, 32), with(4, 3, 8), integers(3), heads));
        refused("rotary", () -> ops.rotary(numbers(3, 32), with(3, 4, 8), integers(3), heads));
    }

    private Rotary with(int cosines, int sines, int dims) {
        return new Rotary(numbers(5, cosines), numbers(5, sines), dims, false);
    }

    @Test
    default void cacheOperationsNameThemselves() {
        bench().assumeDecodes();
        Ops ops = bench().ops();
        Device device = bench().device();
        Heads heads = new Heads(2, 1, 8);
        try (KvCache cache = device.kvCache(2, 1, 8, 4, 3, DType.F32);
                KvCache wide = device.kvCache(2, 1, 9, 4, 3, DType.F32);
                KvCache fine = device.kvCache(2, 1, 8, 1, 3, DType.F32)) {
            refused("cacheAppend", () -> ops.cacheAppend(numbers(3, 31), cache, 0, integers(3), heads));
            refused("cacheAppend", () -> ops.cacheAppend(numbers(3, 32), cache, 2, integers(3), heads));
            refused("cacheAppend", () -> ops.cacheAppend(numbers(3, 32), cache, -1, integers(3), heads));
            refused("cacheAppend", () -> ops.cacheAppend(numbers(3, 32), cache, 0, integers(4), heads));
            refused("cacheAppend", () -> ops.cacheAppend(numbers(3, 32), wide, 0, integers(3), heads));
            CachedSequences one = sequences(new int[] {0, 3}, new int[][] {{2, 1}}, 7);
            refused("cachedAttention", () -> ops.cachedAttention(numbers(4, 32), cache, 0, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(numbers(3, 31), cache, 0, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(numbers(3, 32), cache, 2, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(numbers(3, 32), wide, 0, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(numbers(3, 32), fine, 0, one, heads, 9));
            refused("cachedAttention", () -> ops.cachedAttention(numbers(3, 32), cache, 0, one, heads, 0));
        }
    }

    private CachedSequences sequences(int[] bounds, int[][] tables, int... contexts) {
        return CachedSequences.on(bench().device(), bounds, tables, contexts, 4, 3);
    }

    @Test
    default void cachedSequencesAreChecked() {
        bench().assumeDecodes();
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
        bench().assumeDecodes();
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
