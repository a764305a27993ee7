package dev.limbic.ops;

import dev.limbic.tensor.Tensor;

/**
 * New rows of a flat batch, and where a {@link KvCache} keeps what their sequences hold already. Sequence b has the new
 * rows {@code bounds[b] … bounds[b + 1] − 1} (at least one) and {@code contexts[b]} tokens in all, of which the new ones
 * are the last; their keys and values are in the cache before {@link AttentionOps#cachedAttention} runs. Row i of the new ones
 * sees tokens {@code 0 … contexts[b] − rows + i}.
 *
 * @param cuSeqlens {@code bounds} on the device, i32 [B + 1]
 * @param bounds on the host, rising from 0 to the number of rows; nobody changes them
 * @param longest rows of the sequence with the most new ones
 * @param blockTables {@code tables} on the device, i32 [B, width]: entry j of a row is the block of the tokens from
 *     j·blockTokens on
 * @param tables on the host, row by row; entries behind the context are 0 and not read
 * @param width entries per row
 * @param contextLengths {@code contexts} on the device, i32 [B]
 * @param contexts on the host
 * @param decoding the first so many sequences go on with tokens that were generated, most often one. A provider may
 *     compute these rows in another way than those of prompts; how either were cut must not show in their bits
 */
public record CachedSequences(
        Tensor cuSeqlens,
        int[] bounds,
        int longest,
        Tensor blockTables,
        int[] tables,
        int width,
        Tensor contextLengths,
        int[] contexts,
        int decoding) {
    /**
     * Uploads all of it.
     *
     * @param bounds rising from 0, at least one row each
     * @param tables block numbers of each sequence; entries that its context does not reach are ignored
     * @param contexts tokens of each sequence, the new rows included
     * @param blockTokens tokens in one block of the cache
     * @param blocks blocks of the cache
     * @param decoding see the record
     * @throws IllegalArgumentException if any of it does not fit the rest
     */
    public static CachedSequences on(
            Device device, int[] bounds, int[][] tables, int[] contexts, int blockTokens, int blocks, int decoding) {
        Sequences rows = Sequences.on(device, bounds);
        int count = rows.count();
        check(tables.length == count && contexts.length == count, count + " tables and contexts", tables.length);
        check(blockTokens > 0, "blocks of at least one token", blockTokens);
        check(decoding >= 0 && decoding <= count, "at most " + count + " sequences that decode", decoding);
        int width = 1;
        for (int b = 0; b < count; b++) {
            check(contexts[b] >= rows.length(b), "a context of at least " + rows.length(b) + " tokens", contexts[b]);
            int needed = blocksOf(contexts[b], blockTokens);
            check(tables[b].length >= needed, "a table of at least " + needed + " blocks", tables[b].length);
            width = Math.max(width, tables[b].length);
        }
        int[] flat = new int[count * width];
        for (int b = 0; b < count; b++) {
            for (int j = 0; j < blocksOf(contexts[b], blockTokens); j++) {
                int block = tables[b][j];
                check(block >= 0 && block < blocks, "a block below " + blocks, block);
                flat[b * width + j] = block;
            }
        }
        return new CachedSequences(
                rows.cuSeqlens(),
                bounds,
                rows.longest(),
                device.upload(flat),
                flat,
                width,
                device.upload(contexts),
                contexts,
                decoding);
    }

    /** The same, where the leading sequences of one row decode. */
    public static CachedSequences on(
            Device device, int[] bounds, int[][] tables, int[] contexts, int blockTokens, int blocks) {
        int decoding = 0;
        while (decoding < bounds.length - 1 && bounds[decoding + 1] == decoding + 1) {
            decoding++;
        }
        return on(device, bounds, tables, contexts, blockTokens, blocks, decoding);
    }

    private static void check(boolean condition, String expected, int found) {
        if (!condition) {
            throw new IllegalArgumentException("cached sequences: " + expected + " expected, found " + found);
        }
    }

    private static int blocksOf(int tokens, int blockTokens) {
        return Math.ceilDiv(tokens, blockTokens);
    }

    /** Number of sequences, B. */
    public int count() {
        return contexts.length;
    }

    /** Number of new rows, T. */
    public int tokens() {
        return bounds[bounds.length - 1];
    }

    /** First new row of a sequence. */
    public int first(int sequence) {
        return bounds[sequence];
    }

    /** New rows of a sequence. */
    public int rows(int sequence) {
        return bounds[sequence + 1] - bounds[sequence];
    }

    /** Block of the tokens from {@code index}·blockTokens on. */
    public int block(int sequence, int index) {
        return tables[sequence * width + index];
    }
}
