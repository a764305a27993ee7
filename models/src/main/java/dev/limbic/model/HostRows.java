package dev.limbic.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What was downloaded of a batch, row by row. */
final class HostRows {
    private HostRows() {}

    /**
     * Cuts a result into rows.
     *
     * @param each numbers of a row
     * @param count rows that matter; behind them there may be padding
     */
    static List<float[]> of(float[] flat, int each, int count) {
        List<float[]> rows = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            rows.add(Arrays.copyOfRange(flat, i * each, (i + 1) * each));
        }
        return rows;
    }
}
