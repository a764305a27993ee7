package dev.limbic.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What was downloaded of a batch, row by row. */
final class HostRows {
    private HostRows() {}

    /** Cuts a result into equal parts, one for each of {@code count} rows. */
    static List<float[]> of(float[] flat, int count) {
        int each = flat.length / count;
        List<float[]> rows = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            rows.add(Arrays.copyOfRange(flat, i * each, (i + 1) * each));
        }
        return rows;
    }
}
