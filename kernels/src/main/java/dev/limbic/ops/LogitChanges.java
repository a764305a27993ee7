package dev.limbic.ops;

import java.util.BitSet;

/**
 * What is changed about single logits of a row before a token is chosen. A logit z becomes
 * (z + before)·or÷factor + after: a positive sum is divided by the factor, any other one multiplied. Arrays must not be
 * changed afterwards.
 *
 * @param ids tokens, none twice, [N]
 * @param before added first: a bias, finite, [N]
 * @param factors divide positive and multiply other logits: repetition penalties, positive and finite, 1 for none, [N]
 * @param after added last: what earlier appearances cost, finite, or −∞ for a token that is banned, [N]
 */
public record LogitChanges(int[] ids, float[] before, float[] factors, float[] after) {
    public static final LogitChanges NONE = new LogitChanges(new int[0], new float[0], new float[0], new float[0]);

    /** @throws IllegalArgumentException if a number is not as described; tokens are checked by {@link SampleOps#sample} */
    public LogitChanges {
        boolean fits = before.length == ids.length && factors.length == ids.length && after.length == ids.length;
        for (int i = 0; fits && i < ids.length; i++) {
            fits = Float.isFinite(before[i])
                    && factors[i] > 0
                    && Float.isFinite(factors[i])
                    && after[i] < Float.POSITIVE_INFINITY;
        }
        if (!fits) {
            throw new IllegalArgumentException("sample: changes of logits by finite numbers expected, found others");
        }
    }

    public int count() {
        return ids.length;
    }

    /** What becomes of a logit by change {@code i}; +∞ is cut to the largest number. */
    public float changed(int i, float logit) {
        float sum = logit + before[i];
        float scaled = Math.min(sum > 0 ? sum / factors[i] : sum * factors[i], Float.MAX_VALUE);
        return Math.min(scaled + after[i], Float.MAX_VALUE);
    }

    /** Whether each token is one of the vocabulary's and none is there twice. */
    boolean fit(int vocabulary) {
        BitSet seen = new BitSet(ids.length == 0 ? 0 : vocabulary);
        for (int id : ids) {
            if (id < 0 || id >= vocabulary || seen.get(id)) {
                return false;
            }
            seen.set(id);
        }
        return true;
    }
}
