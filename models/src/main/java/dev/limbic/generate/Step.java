package dev.limbic.generate;

import java.util.List;

/**
 * What the device computes next: a flat batch of new tokens of several sequences, T rows in all. First the keys and
 * values of all rows go to their slots, then each row sees the tokens of its own sequence up to itself. Arrays belong to
 * the step and must not be changed.
 *
 * @param ids token ids, [T]
 * @param positions place of each token in its sequence, from 0, [T]
 * @param slots where its keys and values go: block · blockTokens + place in the block, [T]
 * @param bounds sequence b has rows bounds[b] … bounds[b + 1] − 1, at least one, [B + 1]
 * @param contexts tokens of each sequence up to its last new one, [B]
 * @param tables blocks of each sequence: entry j holds tokens j · blockTokens …, [B][…]
 * @param logitRows rows whose next token is wanted, rising, [S]; S may be 0 in the midst of a long prompt
 * @param nextTokens how those tokens are chosen, [S]
 * @param decoding the first so many sequences go on with tokens that were chosen: with the last one, or after giving way
 *     with all of them. The others compute their prompts
 */
public record Step(
        int[] ids,
        int[] positions,
        int[] slots,
        int[] bounds,
        int[] contexts,
        int[][] tables,
        int[] logitRows,
        List<NextToken> nextTokens,
        int decoding) {
    /** Number of rows, T. */
    public int rows() {
        return ids.length;
    }

    /** Number of sequences, B. */
    public int sequences() {
        return contexts.length;
    }
}
