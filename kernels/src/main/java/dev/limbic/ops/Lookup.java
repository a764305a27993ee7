package dev.limbic.ops;

import dev.limbic.tensor.Tensor;

/**
 * Rows to take from an embedding table.
 *
 * @param table [V, H]
 * @param ids i32 [T], each in 0 … V−1; the caller has checked that
 */
public record Lookup(Tensor table, Tensor ids) {
    /** Most lookups of one {@link RowOps#embed}: words, positions and segments. */
    public static final int MOST = 3;
}
