package dev.limbic.generate;

/**
 * How a sequence's next token is chosen from its row of logits: all that settings and history come to, so that whoever
 * has the logits needs neither. It depends on nothing else in the batch.
 *
 * @param settings of the request; here temperature, truncation and alternatives count
 * @param draw a number in [0, 1) that picks among the tokens left
 * @param changes what is changed about single logits first
 */
public record NextToken(SamplingSettings settings, double draw, Changes changes) {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    /** The most probable one. */
    public static final NextToken GREEDY =
            new NextToken(SamplingSettings.greedy(SamplingSettings.Ending.after(1)), 0, Changes.NONE);

    /**
     * A logit z becomes (z + before)·or÷factor + after: a positive sum is divided by the factor, any other multiplied.
     * Arrays must not be changed.
     *
     * @param ids token ids, none twice, [N]
     * @param before added first: logit bias, [N]
     * @param factors repetition penalties, 1 for none, [N]
     * @param after added last: presence and frequency penalties, −∞ for a token that must not come, [N]
     */
    public record Changes(int[] ids, float[] before, float[] factors, float[] after) {
        public static final Changes NONE = new Changes(new int[0], new float[0], new float[0], new float[0]);
    }

    /** A number in [0, 1) from seed and position alone: splitmix64, seeded by the mixed seed, at that step. */
    static double uniform(long seed, int position) {
        return (mix(mix(seed) + (position + 1) * GOLDEN) >>> 11) * 0x1p-53;
    }

    private static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
