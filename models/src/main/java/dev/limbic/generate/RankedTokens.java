package dev.limbic.generate;

/**
 * Tokens by falling logit, ties by rising id, of which only the front is ever put in order: the rest is partitioned by
 * quickselect. A token and its logit share a long whose order is the rank, so no two are equal.
 */
final class RankedTokens {
    private static final int SMALL = 24;

    private final long[] keys;
    private int count;
    private int ordered;
    private int left;
    private int right;

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
            sort(ordered, end - 1);
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

    /** Ends the ranking: copies the first {@code front} tokens, which are in order, by rising id. */
    void copyById(int front, int[] ids) {
        for (int i = 0; i < front; i++) {
            keys[i] = (int) keys[i];
        }
        sort(0, front - 1);
        for (int i = 0; i < front; i++) {
            ids[i] = (int) keys[i];
        }
        count = 0;
        ordered = 0;
    }

    /** Rising with falling logit, then with rising id. */
    private static long key(float logit, int id) {
        int bits = Float.floatToRawIntBits(logit + 0f); // −0 becomes 0
        int rising = bits ^ (bits >> 31 & 0x7FFFFFFF);
        return (long) ~rising << 32 | id;
    }

    /** Moves the least keys of [from, to) to [from, boundary). */
    private void select(int from, int to, int boundary) {
        int low = from;
        int high = to - 1;
        while (low < high && boundary > low && boundary <= high) {
            partition(low, high);
            if (boundary <= right) {
                high = right;
            } else if (boundary > left) {
                low = left;
            } else {
                return;
            }
        }
    }

    /** Sorts from {@code from} to {@code last}, in place: the JDK's sort allocates. */
    private void sort(int from, int last) {
        int low = from;
        int high = last;
        while (high - low > SMALL) {
            partition(low, high);
            int nextLow = left;
            int nextHigh = right;
            if (nextHigh - low < high - nextLow) { // the smaller part by recursion: the stack stays low
                sort(low, nextHigh);
                low = nextLow;
            } else {
                sort(nextLow, high);
                high = nextHigh;
            }
        }
        for (int i = low + 1; i <= high; i++) {
            long key = keys[i];
            int place = i;
            while (place > low && keys[place - 1] > key) {
                keys[place] = keys[place - 1];
                place--;
            }
            keys[place] = key;
        }
    }

    /** Keys up to {@link #right} are at most, those from {@link #left} on at least the pivot; between them is the pivot. */
    private void partition(int low, int high) {
        long pivot = median(keys[low], keys[low + (high - low) / 2], keys[high]);
        left = low;
        right = high;
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
    }

    private static long median(long a, long b, long c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
