package dev.limbic.server.pipeline;

import dev.limbic.domain.Cue;
import dev.limbic.domain.LimbicException;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.LanguageModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * How a client wants tokens chosen; what is null is as the model's makers recommend.
 *
 * @param bannedWords words that are never written
 * @param maxNewTokens 0 for the model's own bound
 * @param alternatives how many of the most probable tokens are reported with each
 */
public record SamplingWish(
        @Nullable Float temperature,
        @Nullable Integer topK,
        @Nullable Float topP,
        @Nullable Float minP,
        @Nullable Float repetition,
        float presence,
        float frequency,
        Map<Integer, Float> logitBias,
        List<String> bannedWords,
        List<String> stopStrings,
        List<Integer> stopIds,
        int minNewTokens,
        int maxNewTokens,
        @Nullable Long seed,
        int alternatives) {
    /** Everything as the model's makers recommend. */
    public static final SamplingWish DEFAULT = of(null, null);

    private static final int MAX_BANNED_WORDS = 256;
    private static final int MAX_BANNED_CHARS = 64;
    private static final int MAX_BIASES = 4096;
    private static final int MAX_STOP_STRINGS = 16;

    public SamplingWish {
        if (bannedWords.size() > MAX_BANNED_WORDS) {
            throw new LimbicException.Invalid(
                    "at most %d banned words are possible, found %d".formatted(MAX_BANNED_WORDS, bannedWords.size()));
        }
        for (String word : bannedWords) {
            if (word.isBlank() || word.length() > MAX_BANNED_CHARS) {
                throw new LimbicException.Invalid(
                        "a banned word must have 1 to %d characters that are not all spaces, found '%s'"
                                .formatted(
                                        MAX_BANNED_CHARS,
                                        word.length() > MAX_BANNED_CHARS ? word.length() + " characters" : word));
            }
        }
        if (logitBias.size() > MAX_BIASES) {
            throw new LimbicException.Invalid(
                    "at most %d biases are possible, found %d".formatted(MAX_BIASES, logitBias.size()));
        }
        if (stopStrings.size() > MAX_STOP_STRINGS) {
            throw new LimbicException.Invalid(
                    "at most %d stop strings are possible, found %d".formatted(MAX_STOP_STRINGS, stopStrings.size()));
        }
        if (maxNewTokens < 0) {
            throw new LimbicException.Invalid("max_new_tokens must be 0 (the model's) or more, found " + maxNewTokens);
        }
    }

    /** As the model's makers recommend but for these, where they are given. */
    public static SamplingWish of(@Nullable Float temperature, @Nullable Long seed) {
        return new SamplingWish(
                temperature, null, null, null, null, 0, 0, Map.of(), List.of(), List.of(), List.of(), 0, 0, seed, 0);
    }

    /** Most tokens of a reply of this model. */
    int mostNewTokens(LanguageCard card) {
        return maxNewTokens > 0
                ? maxNewTokens
                : Math.max(minNewTokens, card.sampling().maxNewTokens());
    }

    /** Most tokens of prompt and reply together. */
    int mostTokens(LanguageCard card) {
        int most = Math.min(card.maxTokens(), card.cacheTokens());
        return maxNewTokens > 0 ? most : Math.min(most, card.sampling().maxTokens());
    }

    private int mostNewTokens(LanguageCard card, int promptTokens) {
        int most = mostNewTokens(card);
        int longest = card.sampling().maxTokens();
        if (maxNewTokens > 0 || most <= longest - promptTokens) {
            return most;
        }
        if (promptTokens + Math.max(1, minNewTokens) > longest) {
            throw new LimbicException.Invalid(
                    "the model's max_length is %d, prompt and reply together, and the prompt has %d tokens; set max_new_tokens"
                            .formatted(longest, promptTokens));
        }
        return longest - promptTokens;
    }

    /**
     * The settings for one reply.
     *
     * @param cue how the reply shall sound, or null
     * @param prompt what it continues; its form may ask for stop strings
     */
    SamplingSettings settings(LanguageModel model, @Nullable Cue cue, LanguageModel.Prompt prompt) {
        LanguageCard card = model.card();
        LanguageCard.Recommended like = card.sampling();
        SamplingSettings.Truncation truncation = new SamplingSettings.Truncation(
                topK != null ? topK : like.truncation().topK(),
                topP != null ? topP : like.truncation().topP(),
                minP != null ? minP : like.truncation().minP());
        SamplingSettings.Penalties penalties = new SamplingSettings.Penalties(
                repetition != null ? repetition : like.repetitionPenalty(), presence, frequency);
        List<List<Integer>> banned = new ArrayList<>();
        bannedWords.forEach(word -> banned.addAll(model.spellings(word.strip())));
        List<Integer> ids = new ArrayList<>(card.stopIds());
        ids.addAll(stopIds);
        List<String> strings = new ArrayList<>(stopStrings);
        strings.addAll(prompt.stopStrings());
        strings.addAll(like.stopStrings());
        return new SamplingSettings(
                temperature != null ? temperature : like.temperature(),
                truncation,
                penalties,
                cue == null ? logitBias : biases(model.biases(cue)),
                banned,
                new SamplingSettings.Ending(ids, strings, minNewTokens, mostNewTokens(card, prompt.ids().length)),
                seed != null ? seed : ThreadLocalRandom.current().nextLong(),
                alternatives);
    }

    /** The client's own biases on top of the steering ones. */
    private Map<Integer, Float> biases(Map<Integer, Float> steering) {
        Map<Integer, Float> sum = new HashMap<>(steering);
        logitBias.forEach((id, bias) -> sum.merge(id, bias, Float::sum));
        return sum;
    }
}
