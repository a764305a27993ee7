package dev.limbic.generate;

import java.util.Arrays;

/**
 * Says of a sequence how its next token is chosen. Changes of logits are made in this order:
 *
 * <ol>
 *   <li>logit bias;
 *   <li>repetition penalty (prompt and reply), then frequency and presence penalty (reply);
 *   <li>forbidden tokens to −∞: those that would complete a banned sequence; stop tokens while the reply is too short.
 * </ol>
 *
 * <p>The device does the rest, in the order of Hugging Face transformers and vLLM: temperature, top-k, top-p, min-p, draw.
 * The drawn number comes from seed and position in the reply alone. Not thread-safe.
 */
final class NextTokenPlanner {
    /** For each token of the vocabulary 1 + its place in the list underway, or 0. */
    private final int[] places;

    private int[] ids = new int[64];
    private float[] before = new float[64];
    private float[] factors = new float[64];
    private float[] after = new float[64];
    private int count;

    NextTokenPlanner(int vocabulary) {
        places = new int[vocabulary];
    }

    NextToken of(SamplingRules rules, TokenHistory history) {
        bias(rules);
        penalise(rules.settings.penalties(), history);
        forbid(rules, history);
        double draw = NextToken.uniform(rules.settings.seed(), history.generated());
        return new NextToken(rules.settings, draw, take());
    }

    private void bias(SamplingRules rules) {
        for (int i = 0; i < rules.biasedIds.length; i++) {
            int place = place(rules.biasedIds[i]); // first: it may make the arrays larger
            before[place] = rules.biases[i];
        }
    }

    private void penalise(SamplingSettings.Penalties penalties, TokenHistory history) {
        for (int i = 0; i < history.distinct(); i++) {
            int appearances = history.generatedCount(i);
            float cost = appearances == 0 ? 0 : appearances * penalties.frequency() + penalties.presence();
            if (penalties.repetition() != 1 || cost != 0) {
                int place = place(history.distinctId(i));
                factors[place] = penalties.repetition();
                after[place] = -cost;
            }
        }
    }

    private void forbid(SamplingRules rules, TokenHistory history) {
        for (int[] sequence : rules.banned) {
            if (history.endsBefore(sequence)) {
                int place = place(sequence[sequence.length - 1]);
                after[place] = Float.NEGATIVE_INFINITY;
            }
        }
        if (history.generated() < rules.settings.ending().minNewTokens()) {
            for (int id : rules.stopIds) {
                int place = place(id);
                after[place] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /** Where the changes of a token are; new ones change nothing. */
    private int place(int id) {
        if (places[id] == 0) {
            if (count == ids.length) {
                ids = Arrays.copyOf(ids, 2 * count);
                before = Arrays.copyOf(before, 2 * count);
                factors = Arrays.copyOf(factors, 2 * count);
                after = Arrays.copyOf(after, 2 * count);
            }
            ids[count] = id;
            before[count] = 0;
            factors[count] = 1;
            after[count] = 0;
            places[id] = ++count;
        }
        return places[id] - 1;
    }

    /** The list, and an empty one to go on with. */
    private NextToken.Changes take() {
        if (count == 0) {
            return NextToken.Changes.NONE;
        }
        for (int i = 0; i < count; i++) {
            places[ids[i]] = 0;
        }
        NextToken.Changes changes = new NextToken.Changes(
                Arrays.copyOf(ids, count),
                Arrays.copyOf(before, count),
                Arrays.copyOf(factors, count),
                Arrays.copyOf(after, count));
        count = 0;
        return changes;
    }
}
