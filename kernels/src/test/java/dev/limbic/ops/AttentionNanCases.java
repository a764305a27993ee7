package dev.limbic.ops;

import static dev.limbic.ops.Nan.nans;
import static dev.limbic.ops.Nan.same;
import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.tensor.DType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** NaN of a query stays in its row, NaN of a key or value in the rows that see it. */
interface AttentionNanCases {
    Workbench bench();

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    default void attentionKeepsNan(DType type) {
        bench().assumeComputes(type);
        // Heads of every kernel: short, one and two tiles wide, and wider still.
        for (int d : new int[] {20, 64, 128, 129}) {
            attentionKeepsNan(type, d);
        }
    }

    private void attentionKeepsNan(DType type, int d) {
        int[] lengths = {3, 17, 1, 40};
        int heads = 2;
        int h = heads * d;
        Matrix qkv = bench().normal(61, 3 * h).storedAs(type);
        for (boolean causal : new boolean[] {false, true}) {
            float[] clean = attention(qkv, type, lengths, heads, causal);
            for (float nan : nans()) {
                // Query of row 9: that row of the first head. Key and value: all rows that see it.
                int first = causal ? 9 : 3;
                checkHead("query", attention(qkv.with(9, 4, nan), type, lengths, heads, causal), clean, h, d, 9, 10);
                checkHead(
                        "key",
                        attention(qkv.with(9, h + 4, nan), type, lengths, heads, causal),
                        clean,
                        h,
                        d,
                        first,
                        20);
            }
            // The first row of the next sequence lies right behind the last of this one.
            for (int column : new int[] {h + 4, 2 * h + 4}) {
                float[] next = attention(qkv.with(3, column, Float.NaN), type, lengths, heads, causal);
                for (int i = 0; i < 3 * h; i++) {
                    same("row " + i / h + " before NaN of the next sequence", next[i], clean[i]);
                }
            }
            float[] y = attention(qkv.with(9, 2 * h + 4, Float.NaN), type, lengths, heads, causal);
            for (int i = 0; i < y.length; i++) {
                int row = i / h;
                if (row < 3 || row >= 20 || i % h != 4) {
                    assertThat(y[i])
                            .as("value, row " + row + " column " + i % h)
                            .isEqualTo(clean[i]);
                } else if (!causal || row >= 9) {
                    assertThat(y[i]).as("value, row " + row).isNaN();
                }
            }
        }
    }

    private float[] attention(Matrix qkv, DType type, int[] lengths, int heads, boolean causal) {
        return bench().download(bench().ops()
                .attention()
                .attention(bench().upload(qkv, type), bench().sequences(lengths), heads, causal));
    }

    private static void checkHead(String what, float[] y, float[] clean, int h, int d, int from, int to) {
        for (int i = 0; i < y.length; i++) {
            int row = i / h;
            String where = "attention, NaN in " + what + ", row " + row + " column " + i % h;
            if (row >= from && row < to && i % h < d) {
                assertThat(y[i]).as(where).isNaN();
            } else {
                same(where, y[i], clean[i]);
            }
        }
    }
}
