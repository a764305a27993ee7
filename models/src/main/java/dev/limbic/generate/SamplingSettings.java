package dev.limbic.generate;

import dev.limbic.domain.LimbicException;
import java.util.List;
import java.util.Map;

/**
 * How the next token of one request is chosen, see {@link NextTokenPlanner}, and when its text ends. Checked when made; what
 * depends on the model (token ids, the context) is checked at {@link Scheduler#submit}.
 *
 * @param temperature divides the logits: 0 takes the most probable token, 1 leaves the distribution as it is; 0…100
 * @param truncation which tokens may be drawn
 * @param penalties what a token's earlier appearances cost it
 * @param logitBias added to the logits of single tokens, by token id
 * @param bannedSequences token sequences that are never completed, prompt included
 * @param ending when the text ends
 * @param seed same seed, same request: same tokens
 * @param alternatives how many of the most probable tokens are reported with their log-probabilities, 0…20
 */
public record SamplingSettings(
        float temperature,
        Truncation truncation,
        Penalties penalties,
        Map<Integer, Float> logitBias,
        List<List<Integer>> bannedSequences,
        Ending ending,
        long seed,
        int alternatives) {
    private static final int MAX_ALTERNATIVES = 20;
    /** As many as a client may give, and those of the model and of the form of a prompt. */
    private static final int MAX_STOP_STRINGS = 32;

    /** Longest stop string. */
    public static final int MAX_STOP_CHARS = 256;

    public SamplingSettings {
        requireWithin("temperature", temperature, 0, 100);
        logitBias = Map.copyOf(logitBias);
        logitBias.forEach((id, bias) -> {
            if (!Float.isFinite(bias)) {
                throw new LimbicException.Invalid(
                        "logit_bias of token %d must be a finite number, found %s".formatted(id, bias));
            }
        });
        bannedSequences = bannedSequences.stream().map(List::copyOf).toList();
        if (bannedSequences.stream().anyMatch(List::isEmpty)) {
            throw new LimbicException.Invalid("a banned sequence must have at least one token, found none");
        }
        if (alternatives < 0 || alternatives > MAX_ALTERNATIVES) {
            throw new LimbicException.Invalid(
                    "top_log_probs must be 0 to %d, found %d".formatted(MAX_ALTERNATIVES, alternatives));
        }
    }

    /** The most probable token each time, until the ending. */
    public static SamplingSettings greedy(Ending ending) {
        return new SamplingSettings(0, Truncation.NONE, Penalties.NONE, Map.of(), List.of(), ending, 0, 0);
    }

    /**
     * Which tokens may be drawn.
     *
     * @param topK the k most probable; 0 for all
     * @param topP of those the most probable ones that together reach this share, at least one; 1 for all
     * @param minP of those the ones at least this share as probable as the most probable one; 0 for all
     */
    public record Truncation(int topK, float topP, float minP) {
        public static final Truncation NONE = new Truncation(0, 1, 0);

        public Truncation {
            if (topK < 0) {
                throw new LimbicException.Invalid("top_k must be 0 (all) or more, found %d".formatted(topK));
            }
            if (!(topP > 0 && topP <= 1)) {
                throw new LimbicException.Invalid("top_p must be above 0 to 1, found " + topP);
            }
            requireWithin("min_p", minP, 0, 1);
        }
    }

    /**
     * What a token's earlier appearances cost it.
     *
     * @param repetition divides positive and multiplies negative logits of tokens in prompt or reply; 1 for none
     * @param presence is subtracted from logits of tokens in the reply, −2…2
     * @param frequency is subtracted for each appearance in the reply, −2…2
     */
    public record Penalties(float repetition, float presence, float frequency) {
        public static final Penalties NONE = new Penalties(1, 0, 0);

        public Penalties {
            requireWithin("repetition_penalty", repetition, 0.01f, 100);
            requireWithin("presence_penalty", presence, -2, 2);
            requireWithin("frequency_penalty", frequency, -2, 2);
        }

        boolean any() {
            return repetition != 1 || presence != 0 || frequency != 0;
        }
    }

    /**
     * When the text ends.
     *
     * @param stopIds tokens that end it, such as the model's end of text; they are not part of it
     * @param stopStrings texts that end it; they are not part of it
     * @param minNewTokens before so many tokens nothing of the above ends it
     * @param maxNewTokens after so many tokens it ends, at least 1
     */
    public record Ending(List<Integer> stopIds, List<String> stopStrings, int minNewTokens, int maxNewTokens) {
        public Ending {
            stopIds = List.copyOf(stopIds);
            stopStrings = List.copyOf(stopStrings);
            if (stopStrings.size() > MAX_STOP_STRINGS) {
                throw new LimbicException.Invalid("at most %d stop strings are possible, found %d"
                        .formatted(MAX_STOP_STRINGS, stopStrings.size()));
            }
            for (String stop : stopStrings) {
                requireStopString(stop);
            }
            if (maxNewTokens < 1) {
                throw new LimbicException.Invalid(
                        "max_new_tokens must be at least 1, found %d".formatted(maxNewTokens));
            }
            if (minNewTokens < 0 || minNewTokens > maxNewTokens) {
                throw new LimbicException.Invalid("min_new_tokens must be 0 to max_new_tokens (%d), found %d"
                        .formatted(maxNewTokens, minNewTokens));
            }
        }

        /** Ends after so many tokens and not before. */
        public static Ending after(int tokens) {
            return new Ending(List.of(), List.of(), 0, tokens);
        }
    }

    private static void requireStopString(String stop) {
        if (stop.isEmpty() || stop.length() > MAX_STOP_CHARS) {
            throw new LimbicException.Invalid(
                    "a stop string must have 1 to %d characters, found %d".formatted(MAX_STOP_CHARS, stop.length()));
        }
        boolean halves = stop.codePoints()
                .anyMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
        if (halves) {
            throw new LimbicException.Invalid("a stop string holds half of a character");
        }
    }

    private static void requireWithin(String name, float value, float least, float most) {
        if (!(value >= least && value <= most)) { // NaN too
            throw new LimbicException.Invalid("%s must be %s to %s, found %s".formatted(name, least, most, value));
        }
    }
}
