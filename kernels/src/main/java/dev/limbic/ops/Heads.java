package dev.limbic.ops;

/**
 * How the columns of a decoder's projection are shared out: a row is queries·size | keys·size | keys·size columns of
 * query, key and value. Several query heads share one head of keys and values where there are fewer of those.
 *
 * @param queries query heads
 * @param keys heads of keys and values; divides {@code queries}
 * @param size columns per head
 */
public record Heads(int queries, int keys, int size) {
    public Heads {
        if (keys < 1 || queries < 1 || queries % keys != 0 || size < 1) {
            throw new IllegalArgumentException("heads: queries a multiple of keys and a positive size expected, found "
                    + queries + " queries, " + keys + " keys, size " + size);
        }
    }

    /** Columns of query, key and value together. */
    public int columns() {
        return (queries + 2 * keys) * size;
    }

    /** Query heads that share one head of keys and values. */
    public int group() {
        return queries / keys;
    }
}
