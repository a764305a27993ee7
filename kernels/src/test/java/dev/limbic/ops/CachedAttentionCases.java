package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link AttentionOps#cacheAppend} and {@link AttentionOps#cachedAttention}: blocks, contexts, batches that mix prompts and steps. */
interface CachedAttentionCases {
    /** Steps after contexts around every boundary, and prompts, whole or continued. */
    private static int[] cached() {
        return new int[] {0, 1, 15, 16, 37, 100, 0, 3, 64, 31, 0, 50, 0};
    }

    private static int[] rows() {
        return new int[] {1, 1, 1, 1, 1, 1, 5, 17, 3, 33, 70, 2, 1};
    }

    Workbench bench();

    /** Head size, query heads, key heads, tokens per block. */
    @ParameterizedTest
    @CsvSource({
        "1,1,1,1",
        "1,2,1,16",
        "3,3,3,16",
        "12,4,2,1",
        "5,6,2,32",
        "7,1,1,16",
        "31,2,1,32",
        "33,8,1,16",
        "64,12,12,16",
        "64,8,2,32",
        "80,2,2,5",
        "96,3,1,16",
        "128,4,1,32",
        "256,9,1,16",
        "264,2,1,16"
    })
    default void cachedAttentionMatchesTheOracle(int size, int queries, int keys, int blockTokens) {
        Heads heads = new Heads(queries, keys, size);
        for (DType type : bench().types()) {
            for (DType cacheType : bench().types()) {
                bench().device().beginBatch();
                CacheCase.random(bench(), heads, blockTokens, type, cacheType, cached(), rows())
                        .check("mixed");
            }
        }
    }

    /** Memory that others used before is not clean. Odd heads: products of pairs reach over the end of a row. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void cachedAttentionDoesNotSeeWhatLiesInScratch(DType type) {
        bench().assumeComputes(type);
        Heads heads = new Heads(8, 1, 33);
        int[] rows = {70, 70, 70, 70, 70, 70};
        int[] long128 = {128, 128, 128, 128, 128, 128};
        int[] none = new int[rows.length];
        for (int round = 0; round < 5; round++) {
            bench().device().beginBatch();
            CacheCase before = CacheCase.random(bench(), heads, 16, type, type, none, long128);
            float[] poison = before.tokens().values().clone();
            Arrays.fill(poison, Float.NaN);
            before.withTokens(new Matrix(before.tokens().rows(), before.tokens().columns(), poison))
                    .run();
            bench().device().beginBatch();
            CacheCase.random(bench(), heads, 16, type, type, none, rows).check("after NaN");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void cachedAttentionHandlesEveryRowCount(DType type) {
        bench().assumeComputes(type);
        Heads heads = new Heads(4, 2, 20);
        int[] cached = {0, 1, 31, 100};
        for (int rows = 1; rows <= 70; rows++) {
            bench().device().beginBatch();
            int[] each = new int[cached.length];
            Arrays.fill(each, rows);
            CacheCase.random(bench(), heads, 16, type, type, cached, each).check(rows + " rows each");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void cachedAttentionReachesFarBack(DType type) {
        bench().assumeComputes(type);
        Heads heads = new Heads(2, 1, 24);
        int[] cached = {254, 255, 256, 257, 510, 512, 700, 1030, 0};
        int[] rows = {1, 1, 1, 1, 3, 1, 40, 1, 300};
        CacheCase.random(bench(), heads, 16, type, type, cached, rows).check("long contexts");
    }

    /** Head size; a window of one token, of less than a block, of more, and of more than there is. */
    @ParameterizedTest
    @CsvSource({"24,1", "24,2", "20,16", "3,17", "64,33", "264,9", "24,2000"})
    default void cachedAttentionSeesNoFurtherThanItsWindow(int size, int window) {
        Heads heads = new Heads(4, 2, size);
        int[] cached = {0, 15, 70, 37, 0, 20};
        int[] rows = {1, 1, 1, 2, 40, 19};
        for (DType type : bench().types()) {
            bench().device().beginBatch();
            CacheCase.random(bench(), heads, 16, type, type, cached, rows)
                    .within(window)
                    .check("in a window of " + window);
        }
    }

    /** Windows that begin before, in and at the beginning of a chunk of tokens. */
    @ParameterizedTest
    @CsvSource({"F32,20", "F32,256", "F32,300", "BF16,100"})
    default void windowsLieAnywhereInLongContexts(DType type, int window) {
        bench().assumeComputes(type);
        int[] cached = {254, 255, 256, 510, 530, 500};
        int[] rows = {1, 1, 1, 1, 4, 30};
        CacheCase.random(bench(), new Heads(2, 1, 24), 16, type, type, cached, rows)
                .within(window)
                .check("in a window of " + window);
    }

    /** What lies before the window, NaN or huge, is as if it were not there. */
    @ParameterizedTest
    @CsvSource({"F32,NaN", "BF16,NaN", "F16,NaN", "F32,3e38", "BF16,3e38", "F16,6e4"})
    default void cachedAttentionKnowsNothingOfWhatLeftTheWindow(DType type, float strange) {
        bench().assumeComputes(type);
        Heads heads = new Heads(2, 1, 24);
        int[] cached = {60, 300, 0, 520};
        int[] rows = {1, 4, 90, 1};
        CacheCase c =
                CacheCase.random(bench(), heads, 16, type, type, cached, rows).within(20);
        float[] clean = c.run();
        int width = heads.queries() * heads.size();
        for (int column : new int[] {2 * 24 + 5, 3 * 24 + 5}) { // of the key, of the value
            Matrix changed = c.tokens();
            for (int b = 0; b < rows.length; b++) {
                for (int token = 0; token < Math.min(c.context(b), cached[b] + 40) - 20; token++) {
                    changed = changed.with(c.firstToken(b) + token, column, strange);
                }
            }
            float[] y = c.withTokens(changed).run();
            for (int b = 0; b < rows.length; b++) {
                // Rows before the fortieth saw some of it, or were it.
                int from = (c.firstRow(b) + Math.min(rows[b] - 1, 39)) * width;
                int to = (c.firstRow(b) + rows[b]) * width;
                assertThat(Arrays.copyOfRange(y, from, to))
                        .as("sequence %d, %s in column %d", b, strange, column)
                        .containsExactly(Arrays.copyOfRange(clean, from, to));
            }
        }
    }

    /** One key takes all, and it is the first, the last or one in the middle. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void cachedAttentionSurvivesLargeScores(DType type) {
        bench().assumeComputes(type);
        Heads heads = new Heads(2, 2, 32);
        int[] cached = {0, 300, 40};
        int[] rows = {50, 1, 9};
        CacheCase c = CacheCase.random(bench(), heads, 16, type, type, cached, rows);
        float[] large = c.tokens().values().clone();
        for (int i = 0; i < large.length; i++) {
            if (i % heads.columns() < 128) {
                // Whole multiples of 8: scores are far apart and exact in f32, so that no rounding decides a maximum.
                large[i] = 8 * Math.round(4 * large[i]);
            }
        }
        c.withTokens(new Matrix(c.tokens().rows(), heads.columns(), large)).check("large scores");
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void cachedAttentionIsCausalAttention(DType type) {
        bench().assumeComputes(type);
        Heads heads = new Heads(3, 3, 20);
        int[] lengths = {1, 7, 33, 64, 2, 127};
        CacheCase c = CacheCase.random(bench(), heads, 16, type, type, new int[lengths.length], lengths);
        float[] uncached = bench().download(bench().ops()
                .attention()
                .attention(bench().upload(c.tokens(), type), bench().sequences(lengths), heads.queries(), true));
        Closeness.of(type).twice().checkSame("cached and uncached " + type, c.run(), uncached, c.allowance());
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void cachedAttentionOfASequenceDoesNotDependOnItsBatch(DType type) {
        bench().assumeComputes(type);
        Heads heads = new Heads(4, 2, 24);
        CacheCase c = CacheCase.random(bench(), heads, 16, type, type, cached(), rows());
        float[] batch = c.run();
        int h = heads.queries() * heads.size();
        for (int b = 0; b < c.count(); b++) {
            int first = c.firstRow(b);
            Closeness.of(type)
                    .checkSame(
                            "sequence " + b + " alone",
                            c.alone(b).run(),
                            Arrays.copyOfRange(batch, first * h, (first + c.rows()[b]) * h));
        }
    }

    /** NaN in a cached or new key: all later rows of the heads that share it; in a value: their column; in a query: its row. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void cachedAttentionKeepsNan(DType type) {
        bench().assumeComputes(type);
        Heads heads = new Heads(4, 2, 20);
        int[] cached = {5, 30, 0};
        int[] rows = {2, 9, 3};
        CacheCase c = CacheCase.random(bench(), heads, 16, type, type, cached, rows);
        float[] clean = c.run();
        for (int token : new int[] {0, 29, 30, 34, 38}) {
            int place = c.firstToken(1) + token;
            int firstSeeing = c.firstRow(1) + Math.max(0, token - 30);
            int end = c.firstRow(2);
            // Key head 1 belongs to query heads 2 and 3.
            int key = 4 * 20 + 20 + 7;
            int value = 4 * 20 + 2 * 20 + 20 + 7;
            checkNan("key " + token, c, place, key, clean, firstSeeing, end, column -> column >= 40);
            checkNan(
                    "value " + token, c, place, value, clean, firstSeeing, end, column -> column == 47 || column == 67);
            if (token >= 30) {
                checkNan(
                        "query " + token,
                        c,
                        place,
                        27,
                        clean,
                        firstSeeing,
                        firstSeeing + 1,
                        column -> column / 20 == 1);
            }
        }
    }

    private static void checkNan(
            String what,
            CacheCase c,
            int token,
            int column,
            float[] clean,
            int from,
            int to,
            java.util.function.IntPredicate columns) {
        float[] y = c.withTokens(c.tokens().with(token, column, Float.NaN)).run();
        int h = c.heads().queries() * c.heads().size();
        for (int i = 0; i < y.length; i++) {
            String where = "NaN in " + what + ", row " + i / h + " column " + i % h;
            if (i / h >= from && i / h < to && columns.test(i % h)) {
                assertThat(y[i]).as(where).isNaN();
            } else {
                assertThat(Math.abs(y[i] - clean[i]))
                        .as("%s: %s without NaN, now %s", where, clean[i], y[i])
                        .isLessThanOrEqualTo(1e-5f + 0x1p-7f * Math.abs(clean[i]));
            }
        }
    }

    /** Padding rows have slot −1: what is stored stays, in this layer and every other. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void cacheAppendSkipsNegativeSlotsAndOtherLayers(DType type) {
        bench().assumeComputes(type);
        Heads heads = new Heads(1, 1, 9);
        Matrix first = bench().normal(4, 27).storedAs(type);
        Matrix second = bench().normal(4, 27).storedAs(type);
        Device device = bench().device();
        try (KvCache cache = device.kvCache(2, 1, 9, 2, 2, type)) {
            Tensor slots = device.upload(new int[] {2, 3, 0, 1});
            bench().ops().attention().cacheAppend(bench().upload(first, type), cache, 0, slots, heads);
            bench().ops().attention().cacheAppend(bench().upload(second, type), cache, 1, slots, heads);
            Tensor none = device.upload(new int[] {-1, -7, Integer.MIN_VALUE, -1});
            bench().ops().attention().cacheAppend(bench().upload(second, type), cache, 0, none, heads);
            CachedSequences sequences =
                    CachedSequences.on(device, new int[] {0, 4}, new int[][] {{1, 0}}, new int[] {4}, 2, 2);
            Matrix[] layers = {first, second};
            for (int layer = 0; layer < 2; layer++) {
                float[] y = bench().download(bench().ops()
                        .attention()
                        .cachedAttention(
                                bench().upload(layers[layer], type),
                                cache,
                                layer,
                                sequences,
                                heads,
                                AttentionOps.NO_WINDOW));
                double[] expected = Oracle.attention(layers[layer], new int[] {4}, 1, true);
                double[] rounding = new double[expected.length]; // values are below 4, and their weights have 8 bits
                Arrays.fill(rounding, type == DType.BF16 ? 0x1p-6 : 0);
                Closeness.of(type).check("layer " + layer, y, expected, rounding);
            }
        }
    }
}
