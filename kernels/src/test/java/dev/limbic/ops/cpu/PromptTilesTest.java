package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.limbic.ops.AttentionOps;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A row of cached attention has the same bits however its text is cut, and knows nothing of what comes after it. */
final class PromptTilesTest {
    private static final int TOKENS = 300;
    private static final Heads HEADS = new Heads(4, 2, 24);
    private static final int BLOCK = 16;
    private static final int WIDTH = HEADS.queries() * HEADS.size();
    private static final int KEYS = WIDTH;
    private static final int VALUES = WIDTH + HEADS.keys() * HEADS.size();

    private final CpuDevice device = new CpuDevice(2);
    private final float[] tokens = new float[TOKENS * HEADS.columns()];

    PromptTilesTest() {
        Random random = new Random(11);
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = (float) random.nextGaussian();
        }
    }

    /** Types of a cache and of the products with it. */
    static Stream<Arguments> types() {
        try (CpuDevice device = new CpuDevice(1)) {
            Stream<Arguments> everywhere =
                    Stream.of(Arguments.of(DType.F32, DType.F32), Arguments.of(DType.BF16, DType.F32));
            return device.supports(Precision.BF16)
                    ? Stream.concat(everywhere, Stream.of(Arguments.of(DType.BF16, DType.BF16)))
                    : everywhere;
        }
    }

    private static CpuKvCache cache(DType stored, DType products) {
        int blocks = TOKENS / BLOCK + 1;
        return new CpuKvCache(new KvCache.Layout(1, HEADS.keys(), HEADS.size(), BLOCK, blocks, stored), products);
    }

    private void fill(CpuKvCache cache, float[] all) {
        device.beginBatch();
        device.ops()
                .attention()
                .cacheAppend(
                        device.upload(all, TOKENS, HEADS.columns()),
                        cache,
                        0,
                        device.upload(IntStream.range(0, TOKENS).toArray()),
                        HEADS);
    }

    private float[] rows(CpuKvCache cache, float[] all, int from, int to, boolean generated) {
        return rows(cache, all, from, to, generated, AttentionOps.NO_WINDOW);
    }

    private float[] rows(CpuKvCache cache, float[] all, int from, int to, boolean generated, int window) {
        device.beginBatch();
        int h = HEADS.columns();
        int[] table = IntStream.range(0, cache.blocks()).toArray();
        CachedSequences sequences = CachedSequences.on(
                device,
                new int[] {0, to - from},
                new int[][] {table},
                new int[] {to},
                BLOCK,
                cache.blocks(),
                generated ? 1 : 0);
        return device.download(device.ops()
                .attention()
                .cachedAttention(
                        device.upload(Arrays.copyOfRange(all, from * h, to * h), to - from, h),
                        cache,
                        0,
                        sequences,
                        HEADS,
                        window));
    }

    @ParameterizedTest
    @MethodSource("types")
    void piecesHaveTheBitsOfTheWhole(DType stored, DType products) {
        try (device;
                CpuKvCache cache = cache(stored, products)) {
            fill(cache, tokens);
            for (boolean generated : List.of(false, true)) {
                for (int window : new int[] {AttentionOps.NO_WINDOW, 50}) {
                    piecesHaveTheBitsOfTheWhole(cache, generated, window);
                }
            }
        }
    }

    private void piecesHaveTheBitsOfTheWhole(CpuKvCache cache, boolean generated, int window) {
        float[] whole = rows(cache, tokens, 0, TOKENS, generated, window);
        for (int piece : new int[] {1, 7, 40, 130, 256}) {
            for (int from = 0; from < TOKENS; from += piece) {
                int to = Math.min(TOKENS, from + piece);
                assertThat(rows(cache, tokens, from, to, generated, window))
                        .as("rows %d to %d, generated %s, window %d", from, to, generated, window)
                        .containsExactly(Arrays.copyOfRange(whole, from * WIDTH, to * WIDTH));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void promptsAndGeneratedTokensDifferByRoundingOnly(DType stored, DType products) {
        try (device;
                CpuKvCache cache = cache(stored, products)) {
            fill(cache, tokens);
            float[] prompt = rows(cache, tokens, 0, TOKENS, false);
            float[] generated = rows(cache, tokens, 0, TOKENS, true);
            float rounding = products == DType.BF16 ? 0.05f : 1e-5f;
            for (int i = 0; i < prompt.length; i++) {
                assertThat(prompt[i]).as("element %d", i).isCloseTo(generated[i], offset(rounding));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void whatIsNotFiniteReachesNoEarlierRow(DType stored, DType products) {
        int strange = 200;
        try (device;
                CpuKvCache cache = cache(stored, products)) {
            fill(cache, tokens);
            float[] clean = rows(cache, tokens, 0, TOKENS, false);
            for (int column : new int[] {KEYS + 5, VALUES + 5}) {
                for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                    float[] changed = tokens.clone();
                    changed[strange * HEADS.columns() + column] = value;
                    fill(cache, changed);
                    float[] y = rows(cache, changed, 0, TOKENS, false);
                    assertThat(Arrays.copyOf(y, strange * WIDTH))
                            .as("%s in column %d", value, column)
                            .containsExactly(Arrays.copyOf(clean, strange * WIDTH));
                    // An infinite key may also give a score of minus infinity, which is a weight of zero.
                    if (Float.isNaN(value) || column >= VALUES) {
                        assertThat(Float.isFinite(y[strange * WIDTH + 5]))
                                .as("%s in column %d is seen by its own row", value, column)
                                .isFalse();
                    }
                }
            }
        }
    }
}
