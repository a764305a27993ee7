package dev.limbic.ops.cpu;

import java.util.Arrays;

/**
 * Tokens with their weights, of which a front by some order is asked for: everything else is partitioned, never sorted.
 * The order is that of a key that no two tokens share. Grows to the most tokens it ever held.
 */
final class RankedWeights {
    private long[] keys = new long[256];
    private long[] weights = new long[256];
    private int count;
    private int left;
    private int right;

    /** By falling score, ties by rising id; the id is in the low half. */
    static long rank(float score, int id) {
        int bits = Float.floatToRawIntBits(score + 0f); // −0 becomes 0
        int rising = bits ^ (bits >> 31 & 0x7FFFFFFF);
        return (long) ~rising << 32 | id;
    }

    void clear() {
        count = 0;
    }

    int count() {
        return count;
    }

    void add(long key, long weight) {
        if (count == keys.length) {
            keys = Arrays.copyOf(keys, 2 * count);
            weights = Arrays.copyOf(weights, 2 * count);
        }
        keys[count] = key;
        weights[count++] = weight;
    }

    long sum() {
        return sum(0, count);
    }

    private long sum(int from, int to) {
        long sum = 0;
        for (int i = from; i < to; i++) {
            sum += weights[i];
        }
        return sum;
    }

    /** Keeps the first ones, so many. */
    void keepFirst(int wanted) {
        if (wanted < count) {
            count = front(wanted, false);
        }
    }

    /** Keeps the fewest first ones whose weights add up to {@code target}, which is at most {@link #sum}. */
    void keepReaching(long target) {
        count = front(target, true);
    }

    /** Keeps those whose weight is at least this. */
    void keepFrom(long least) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (weights[i] >= least) {
                keys[kept] = keys[i];
                weights[kept++] = weights[i];
            }
        }
        count = kept;
    }

    /** The first token, by id, at which the running total exceeds {@code target}, which {@link #sum} does. */
    int firstBeyond(long target) {
        for (int i = 0; i < count; i++) {
            keys[i] = (int) keys[i];
        }
        return (int) keys[front(target + 1, true) - 1];
    }

    /** Moves the fewest least keys that reach the target, by weight or by number, to the front; the last is the greatest. */
    private int front(long target, boolean byWeight) {
        long before = 0;
        int low = 0;
        int high = count - 1;
        while (low < high) {
            partition(low, high);
            long lower = byWeight ? sum(low, right + 1) : right + 1 - low;
            if (before + lower >= target) {
                high = right;
                continue;
            }
            before += lower;
            if (left - right == 2) { // the pivot stands between the parts
                before += byWeight ? weights[right + 1] : 1;
                if (before >= target) {
                    return left;
                }
            }
            low = left;
        }
        return low + 1;
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
                long key = keys[left];
                long weight = weights[left];
                keys[left] = keys[right];
                weights[left++] = weights[right];
                keys[right] = key;
                weights[right--] = weight;
            }
        }
    }

    private static long median(long a, long b, long c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
