package dev.limbic.domain;

/**
 * One text as a model reads it. The array is owned by this record and must not be changed.
 *
 * @param ids token ids with special tokens, [T], at most the model's limit
 * @param truncated whether text beyond the model's limit was left out
 */
public record Encoding(int[] ids, boolean truncated) implements Prepared {
    /** Number of tokens. */
    @Override
    public int cost() {
        return ids.length;
    }
}
