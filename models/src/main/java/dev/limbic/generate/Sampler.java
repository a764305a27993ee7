package dev.limbic.generate;

import dev.limbic.domain.LimbicException;

/**
 * Chooses the next token of a sequence from a row of logits. The steps and their order are those of Hugging Face
 * transformers and vLLM:
 *
 * <ol>
 *   <li>log-probabilities for the report: log-softmax of the logits as they are;
 *   <li>logit bias;
 *   <li>repetition penalty (prompt and reply), then frequency and presence penalty (reply);
 *   <li>forbidden tokens to −∞: those that would complete a banned sequence; stop tokens while the reply is too short;
 *   <li>temperature 0: the token with the largest logit, of equal ones the lowest id. Otherwise divide by it;
 *   <li>top-k, of equal logits the lower ids;
 *   <li>top-p of what is left: the fewest most probable tokens whose share is at least p;
 *   <li>min-p of what is left;
 *   <li>draw: a number u in [0, 1) from seed and position in the reply alone; the first token, by id, at which the
 *       running total of the weights left exceeds u times their sum.
 * </ol>
 *
 * <p>So a choice depends on logits, settings and history, never on what else is in the batch. Sums are f64. Works in
 * scratch of the size of the vocabulary and allocates nothing. Not thread-safe.
 */
final class Sampler {
    private static final int BITS_OF_INFINITY = 0x7F800000;
    private static final int FIRST_RANKS = 64;
    private static final int MOST_ALTERNATIVES = 20;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final int vocabulary;
    private final float[] scores;
    private final double[] weights;
    private final int[] candidates;
    private final RankedTokens ranked;
    private final Choice choice = new Choice(MOST_ALTERNATIVES);

    Sampler(int vocabulary) {
        this.vocabulary = vocabulary;
        this.scores = new float[vocabulary];
        this.weights = new double[vocabulary];
        this.candidates = new int[vocabulary];
        this.ranked = new RankedTokens(vocabulary);
    }

    /**
     * Chooses the next token.
     *
     * @param logits f32 with a row of the vocabulary's size from {@code offset} on; not changed
     * @return valid until the next call
     * @throws LimbicException.Internal if a logit is not a finite number
     * @throws LimbicException.Invalid if the rules forbid every token
     */
    Choice choose(float[] logits, int offset, SamplingRules rules, TokenHistory history) {
        SamplingSettings settings = rules.settings;
        float largest = copyFinite(logits, offset);
        double logSum = largest + Math.log(sumOfExponentials(largest));
        reportAlternatives(settings.alternatives(), logSum);
        bias(rules);
        penalise(settings.penalties(), history);
        forbid(rules, history);
        int best = best();
        if (scores[best] == Float.NEGATIVE_INFINITY) {
            throw new LimbicException.Invalid(
                    "logit bias, banned sequences and minimum length leave no token to choose");
        }
        choice.id = settings.temperature() == 0
                ? best
                : draw(settings, scores[best], uniform(settings.seed(), history.generated()));
        choice.logProbability = (float) (logits[offset + choice.id] - logSum);
        return choice;
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

    /** Copies the row to the scores and returns the largest. */
    private float copyFinite(float[] logits, int offset) {
        System.arraycopy(logits, offset, scores, 0, vocabulary);
        float largest = Float.NEGATIVE_INFINITY;
        int magnitude = 0; // as bits, so that infinity and NaN are the largest
        for (float score : scores) {
            magnitude = Math.max(magnitude, Float.floatToRawIntBits(score) & Integer.MAX_VALUE);
            if (score > largest) {
                largest = score;
            }
        }
        if (magnitude >= BITS_OF_INFINITY) {
            throw notFinite();
        }
        return largest;
    }

    private LimbicException notFinite() {
        int id = 0;
        while (Float.isFinite(scores[id])) {
            id++;
        }
        return new LimbicException.Internal(
                "the model gave a logit that is not a finite number",
                new ArithmeticException("logit of token %d is %s".formatted(id, scores[id])));
    }

    private double sumOfExponentials(float largest) {
        double sum = 0;
        for (float score : scores) {
            sum += Exponential.of((double) score - largest);
        }
        return sum;
    }

    /** Insertion into the few best: nearly every token is turned away by one comparison. */
    private void reportAlternatives(int wanted, double logSum) {
        int most = Math.min(wanted, vocabulary);
        int found = 0;
        int[] ids = choice.alternativeIds;
        for (int id = 0; id < vocabulary && most > 0; id++) {
            if (found == most && !(scores[id] > scores[ids[most - 1]])) {
                continue;
            }
            int place = found < most ? found++ : most - 1;
            while (place > 0 && scores[id] > scores[ids[place - 1]]) {
                ids[place] = ids[place - 1];
                place--;
            }
            ids[place] = id;
        }
        for (int i = 0; i < found; i++) {
            choice.alternativeLogProbabilities[i] = (float) (scores[ids[i]] - logSum);
        }
        choice.alternatives = found;
    }

    private void bias(SamplingRules rules) {
        for (int i = 0; i < rules.biasedIds.length; i++) {
            scores[rules.biasedIds[i]] += rules.biases[i];
        }
    }

    private void penalise(SamplingSettings.Penalties penalties, TokenHistory history) {
        for (int i = 0; i < history.distinct(); i++) {
            int id = history.distinctId(i);
            float score = scores[id];
            score = score > 0 ? score / penalties.repetition() : score * penalties.repetition();
            int count = history.generatedCount(i);
            if (count > 0) {
                score -= count * penalties.frequency();
                score -= penalties.presence();
            }
            scores[id] = score;
        }
    }

    private void forbid(SamplingRules rules, TokenHistory history) {
        for (int[] sequence : rules.banned) {
            if (history.endsBefore(sequence)) {
                scores[sequence[sequence.length - 1]] = Float.NEGATIVE_INFINITY;
            }
        }
        if (history.generated() < rules.settings.ending().minNewTokens()) {
            for (int id : rules.stopIds) {
                scores[id] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private int best() {
        int best = 0;
        for (int id = 1; id < vocabulary; id++) {
            if (scores[id] > scores[best]) {
                best = id;
            }
        }
        return best;
    }

    private int draw(SamplingSettings settings, float largest, double u) {
        SamplingSettings.Truncation truncation = settings.truncation();
        int topK = truncation.topK() == 0 ? vocabulary : Math.min(truncation.topK(), vocabulary);
        boolean ranks = topK < vocabulary || truncation.topP() < 1;
        int count;
        if (ranks) {
            ranked.fill(scores);
            int kept = topP(Math.min(topK, ranked.count()), truncation.topP(), largest, settings.temperature());
            ranked.copyById(kept, candidates);
            count = minP(kept, truncation.minP(), largest, settings.temperature());
        } else {
            for (int id = 0; id < vocabulary; id++) {
                candidates[id] = id;
            }
            count = minP(vocabulary, truncation.minP(), largest, settings.temperature());
        }
        return pick(count, largest, settings.temperature(), u);
    }

    /** How many of the first {@code topK} ranks remain. */
    private int topP(int topK, float topP, float largest, float temperature) {
        if (topP == 1) {
            ranked.order(topK);
            return topK;
        }
        double total = 0;
        if (topK < ranked.count()) {
            ranked.order(topK);
            for (int rank = 0; rank < topK; rank++) {
                total += weight(scores[ranked.id(rank)], largest, temperature);
            }
        } else {
            for (int id = 0; id < vocabulary; id++) {
                total += weight(scores[id], largest, temperature);
            }
        }
        double mass = 0;
        int kept = 0;
        while (kept < topK && mass < topP * total) {
            if (kept == ranked.ordered()) {
                ranked.order(Math.min(topK, Math.max(FIRST_RANKS, 4 * kept)));
            }
            mass += weight(scores[ranked.id(kept)], largest, temperature);
            kept++;
        }
        return kept;
    }

    /** Moves the candidates that remain to the front and returns how many they are. */
    private int minP(int count, float minP, float largest, float temperature) {
        if (minP == 0) {
            return count;
        }
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (weight(scores[candidates[i]], largest, temperature) >= minP) { // the largest weighs 1
                candidates[kept++] = candidates[i];
            }
        }
        return kept;
    }

    private int pick(int count, float largest, float temperature, double u) {
        double total = 0;
        for (int i = 0; i < count; i++) {
            double weight = weight(scores[candidates[i]], largest, temperature);
            weights[i] = weight;
            total += weight;
        }
        double threshold = u * total;
        double mass = 0;
        int last = 0; // with any weight: the sum may round to just below the threshold
        for (int i = 0; i < count; i++) {
            if (weights[i] > 0) {
                mass += weights[i];
                last = i;
                if (mass > threshold) {
                    break;
                }
            }
        }
        return candidates[last];
    }

    private static double weight(float score, float largest, float temperature) {
        return Exponential.of(((double) score - largest) / temperature);
    }
}
