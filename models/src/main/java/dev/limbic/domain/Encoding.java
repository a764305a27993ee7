package dev.limbic.domain;

/**
 * One text as a model reads it. The array is owned by this record and must not be changed.
 *
 * @param ids token ids with special tokens, [T], at most the model's limit
 * @param truncated whether text beyond the model's limit was left out
 */
public record Encoding(int[] ids, boolean truncated) {
    /** Number of tokens, the cost of this text in a token budget. */
    public int tokens() {
        return ids.length;
    }
}
