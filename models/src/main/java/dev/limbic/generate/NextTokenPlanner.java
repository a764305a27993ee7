package dev.limbic.generate;

import java.util.Arrays;
import java.util.List;

/**
 * Says of a sequence how its next token is chosen, by what its request and its model's makers want. Changes of logits are
 * made in this order:
 *
 * <ol>
 *   <li>biases, of single tokens and of those that would complete a sequence;
 *   <li>repetition penalties (prompt; prompt and reply), then frequency and presence penalty (reply);
 *   <li>forbidden tokens to −∞: those that would complete a banned sequence or repeat one; those that are suppressed; stop
 *       tokens while the reply is too short.
 * </ol>
 *
 * <p>Where the makers force a token, nothing else counts.
 *
 * <p>The device does the rest, in the order of Hugging Face transformers and vLLM: temperature, top-k, top-p, min-p, draw.
 * The drawn number comes from seed and position in the reply alone. Not thread-safe.
 */
final class NextTokenPlanner {
    private final TokenRules model;

    /** For each token of the vocabulary 1 + its place in the list underway, or 0. */
    private final int[] places;

    private int[] ids = new int[64];
    private float[] before = new float[64];
    private float[] factors = new float[64];
    private float[] after = new float[64];
    private int count;

    /** @param model what the makers of the model want */
    NextTokenPlanner(int vocabulary, TokenRules model) {
        this.model = model;
        places = new int[vocabulary];
    }

    /** @param last whether the text has its greatest length with the next token */
    NextToken of(SamplingRules rules, TokenHistory history, boolean last) {
        if (last && !model.last().isEmpty()) {
            force(model.last());
        } else if (history.length() == 1 && !model.first().isEmpty()) {
            force(model.first());
        } else {
            bias(rules, history);
            penalise(rules.settings.penalties(), history);
            forbid(rules, history);
        }
        double draw = NextToken.uniform(rules.settings.seed(), history.generated());
        return new NextToken(rules.settings, draw, take());
    }

    /** No logit is as large as the largest number, and no sum of it with another is larger. */
    private void force(List<Integer> tokens) {
        for (int id : tokens) {
            int place = place(id);
            after[place] = Float.MAX_VALUE;
        }
    }

    private void bias(SamplingRules rules, TokenHistory history) {
        for (int i = 0; i < rules.biasedIds.length; i++) {
            int place = place(rules.biasedIds[i]); // first: it may make the arrays larger
            before[place] = rules.biases[i];
        }
        model.biases().forEach((sequence, bias) -> {
            if (history.endsBefore(sequence)) {
                int place = place(sequence.getLast());
                before[place] += bias;
            }
        });
    }

    private void penalise(SamplingSettings.Penalties penalties, TokenHistory history) {
        for (int i = 0; model.promptFactor() != 1 && i < history.promptLength(); i++) {
            int place = place(history.tokens()[i]); // once or often, it is the same
            factors[place] = 1 / model.promptFactor();
        }
        for (int i = 0; i < history.distinct(); i++) {
            int appearances = history.generatedCount(i);
            float cost = appearances == 0 ? 0 : appearances * penalties.frequency() + penalties.presence();
            if (penalties.repetition() != 1 || cost != 0) {
                int place = place(history.distinctId(i));
                factors[place] *= penalties.repetition();
                after[place] = -cost;
            }
        }
    }

    private void forbid(SamplingRules rules, TokenHistory history) {
        for (int[] sequence : rules.banned) {
            if (history.endsBefore(sequence)) {
                forbid(sequence[sequence.length - 1]);
            }
        }
        for (List<Integer> sequence : model.banned()) {
            if (history.endsBefore(sequence)) {
                forbid(sequence.getLast());
            }
        }
        history.forEachRepetition(model.noRepeat(), history.length(), this::forbid);
        history.forEachRepetition(model.noRepeatOfPrompt(), history.promptLength(), this::forbid);
        model.suppressed().forEach(this::forbid);
        if (history.generated() == (model.first().isEmpty() || history.promptLength() > 1 ? 0 : 1)) {
            model.suppressedFirst().forEach(this::forbid);
        }
        int least = Math.max(rules.settings.ending().minNewTokens(), model.minNewTokens());
        if (history.generated() < least || history.length() < model.minTokens()) {
            for (int id : rules.stopIds) {
                forbid(id);
            }
        }
    }

    private void forbid(int id) {
        int place = place(id); // first: it may make the arrays larger
        after[place] = Float.NEGATIVE_INFINITY;
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
