package dev.limbic.generate;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/** Tokens of one sequence, prompt and reply, and how often each occurs in the reply. Grows; allocates only then. */
final class TokenHistory {
    private final int promptLength;
    private int[] tokens;
    private int length;

    private int[] distinct = new int[0];
    private int[] counts = new int[0];
    private int distinctCount;
    /** Open addressing: 1 + index into {@link #distinct}, or 0; a power of two in size and at most half full. */
    private int[] table;

    /**
     * A history with nothing generated.
     *
     * @param counting whether appearances are counted
     */
    TokenHistory(int[] prompt, boolean counting) {
        this.promptLength = prompt.length;
        this.tokens = Arrays.copyOf(prompt, prompt.length + 16);
        this.length = prompt.length;
        this.table = new int[counting ? 64 : 0];
        if (counting) {
            for (int id : prompt) {
                find(id);
            }
        }
    }

    void append(int id) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
        }
        tokens[length++] = id;
        if (table.length > 0) {
            int found = find(id); // may replace the counts
            counts[found]++;
        }
    }

    int length() {
        return length;
    }

    int promptLength() {
        return promptLength;
    }

    int generated() {
        return length - promptLength;
    }

    /** The tokens, from index 0 to length − 1; the array must not be changed and may be replaced by {@link #append}. */
    int[] tokens() {
        return tokens;
    }

    /** How many different tokens occur; 0 if appearances are not counted. */
    int distinct() {
        return distinctCount;
    }

    /** A token that occurs, by the order of first appearance. */
    int distinctId(int index) {
        return distinct[index];
    }

    /** How often that token occurs in the reply. */
    int generatedCount(int index) {
        return counts[index];
    }

    /** Whether the history ends with all but the last token of a sequence. */
    boolean endsBefore(int[] sequence) {
        int head = sequence.length - 1;
        return head <= length && Arrays.equals(tokens, length - head, length, sequence, 0, head);
    }

    /** Whether the history ends with all but the last token of a sequence. */
    boolean endsBefore(List<Integer> sequence) {
        int head = sequence.size() - 1;
        boolean ends = head <= length;
        for (int i = 0; ends && i < head; i++) {
            ends = tokens[length - head + i] == sequence.get(i);
        }
        return ends;
    }

    /**
     * Names each token that with the ones before it would be a sequence that occurs in the first {@code end} tokens already,
     * some more than once.
     *
     * @param size tokens of the sequence; 0 for none
     */
    void forEachRepetition(int size, int end, IntConsumer token) {
        int head = size - 1;
        if (size == 0 || head > length) {
            return;
        }
        for (int from = 0; from + size <= end; from++) {
            if (Arrays.equals(tokens, from, from + head, tokens, length - head, length)) {
                token.accept(tokens[from + head]);
            }
        }
    }

    private int find(int id) {
        int slot = slot(table, id);
        if (table[slot] != 0) {
            return table[slot] - 1;
        }
        if (distinctCount == distinct.length) {
            distinct = Arrays.copyOf(distinct, Math.max(32, 2 * distinctCount));
            counts = Arrays.copyOf(counts, distinct.length);
        }
        distinct[distinctCount] = id;
        table[slot] = ++distinctCount;
        if (2 * distinctCount > table.length) {
            table = rehashed(2 * table.length);
        }
        return distinctCount - 1;
    }

    private int slot(int[] in, int id) {
        int mask = in.length - 1;
        int slot = (id * 0x9E3779B9) >>> 7 & mask;
        while (in[slot] != 0 && distinct[in[slot] - 1] != id) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private int[] rehashed(int size) {
        int[] larger = new int[size];
        for (int i = 0; i < distinctCount; i++) {
            larger[slot(larger, distinct[i])] = i + 1;
        }
        return larger;
    }
}
