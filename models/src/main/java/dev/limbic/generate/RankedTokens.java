package dev.limbic.generate;

import java.util.Arrays;

/**
 * Tokens by falling logit, ties by rising id, of which only the front is ever put in order: the rest is partitioned by
 * quickselect. A token and its logit share a long whose order is the rank, so no two are equal.
 */
final class RankedTokens {
    private final long[] keys;
    private int count;
    private int ordered;

    RankedTokens(int vocabulary) {
        keys = new long[vocabulary];
    }

    /** Starts over with the tokens whose logit is not −∞. */
    void fill(float[] logits) {
        count = 0;
        ordered = 0;
        for (int id = 0; id < logits.length; id++) {
            if (logits[id] > Float.NEGATIVE_INFINITY) {
                keys[count++] = key(logits[id], id);
            }
        }
    }

    int count() {
        return count;
    }

    /** Puts at least the first {@code front} tokens in order; less than that costs nothing. */
    void order(int front) {
        int end = Math.min(front, count);
        if (end > ordered) {
            select(ordered, count, end);
            Arrays.sort(keys, ordered, end);
            ordered = end;
        }
    }

    /** How many tokens are in order. */
    int ordered() {
        return ordered;
    }

    /** Token at a rank that is in order. */
    int id(int rank) {
        return (int) keys[rank];
    }

    /** Rising with falling logit, then with rising id. */
    private static long key(float logit, int id) {
        int bits = Float.floatToRawIntBits(logit + 0f); // −0 becomes 0
        int rising = bits ^ (bits >> 31 & 0x7FFFFFFF);
        return (long) ~rising << 32 | id;
    }

    /** Partitions [from, to) so that the least keys lie in [from, boundary). */
    private void select(int from, int to, int boundary) {
        int low = from;
        int high = to - 1;
        while (low < high && boundary > low && boundary <= high) {
            long pivot = median(keys[low], keys[low + (high - low) / 2], keys[high]);
            int left = low;
            int right = high;
            while (left <= right) {
                while (keys[left] < pivot) {
                    left++;
                }
                while (keys[right] > pivot) {
                    right--;
                }
                if (left <= right) {
                    long swapped = keys[left];
                    keys[left++] = keys[right];
                    keys[right--] = swapped;
                }
            }
            if (boundary <= right) {
                high = right;
            } else if (boundary > left) {
                low = left;
            } else {
                return;
            }
        }
    }

    private static long median(long a, long b, long c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
