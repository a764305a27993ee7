package dev.limbic.generate;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.LimbicException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Steers a model that has no tokens for emotions: a sentence for the prompt, and logit biases from words that an emotion
 * makes likelier or less likely. The words are learnt once, apart from any tokeniser ({@code models/training/steering.py});
 * a weight is the natural log-odds ratio of the word's use with and without the emotion. Immutable and thread-safe.
 */
public final class SteeringWords {
    /** What weights are multiplied by; chosen by measurement, see {@code models/training/README.md}. */
    static final float SCALE = 1.5f;

    /** No token's logit is moved by more, up or down. */
    static final float MOST_BIAS = 4;

    /** A first token of fewer letters begins too many other words. */
    private static final int LEAST_LETTERS = 3;

    private static final String RESOURCE = "steering.json";
    /** Intensities from which feelings are medium, and strong. */
    private static final float MEDIUM = 1 / 3f;

    private static final float STRONG = 2 / 3f;

    private final Map<CanonicalEmotion, Map<String, Float>> weights;

    private SteeringWords(Map<CanonicalEmotion, Map<String, Float>> weights) {
        this.weights = weights;
    }

    /** The words that come with this class. */
    public static SteeringWords load() {
        JsonMapper mapper = JsonMapper.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .build();
        try (@Nullable InputStream in = SteeringWords.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + " is missing from the jar");
            }
            JsonNode emotions = mapper.readTree(in).path("emotions");
            Map<CanonicalEmotion, Map<String, Float>> weights = new EnumMap<>(CanonicalEmotion.class);
            for (CanonicalEmotion emotion : CanonicalEmotion.values()) {
                Map<String, Float> words = new LinkedHashMap<>();
                emotions.path(emotion.name().toLowerCase(Locale.ROOT))
                        .properties()
                        .forEach(e -> words.put(e.getKey(), e.getValue().floatValue()));
                weights.put(emotion, words);
            }
            return of(weights);
        } catch (IOException e) {
            throw new UncheckedIOException(RESOURCE, e);
        }
    }

    /** Words with their weights, by emotion; an emotion may lack. */
    static SteeringWords of(Map<CanonicalEmotion, Map<String, Float>> weights) {
        Map<CanonicalEmotion, Map<String, Float>> copy = new EnumMap<>(CanonicalEmotion.class);
        weights.forEach((emotion, words) -> copy.put(emotion, Collections.unmodifiableMap(new LinkedHashMap<>(words))));
        return new SteeringWords(copy);
    }

    /** Words of an emotion with their weights: the surest first, those that it makes likelier before the others. */
    Map<String, Float> weights(CanonicalEmotion emotion) {
        return weights.getOrDefault(emotion, Map.of());
    }

    /**
     * Biases for {@link SamplingSettings#logitBias}. Each word counts in four forms, with and without a space before it
     * and with and without a capital. A form of one token gives it weight × intensity × {@value #SCALE}. Of a form of
     * several tokens the first one gets the share of the word's letters that it spells, if these are at least three and
     * half of the word; else it would move words that have nothing to do with this one. Of several forms with the same
     * token the one of largest magnitude counts. Encodes each form and some of its beginnings, thousands of short texts:
     * callers keep the result.
     *
     * @param intensity 0…1; 0 gives no biases
     * @param encode the tokeniser of the model, without special tokens; called on this thread alone
     * @return biases within ±{@value #MOST_BIAS} by token id
     * @throws LimbicException.Invalid if the intensity is out of range
     */
    public Map<Integer, Float> biases(CanonicalEmotion emotion, float intensity, Function<String, int[]> encode) {
        requireIntensity(intensity);
        if (intensity == 0) {
            return Map.of();
        }
        Map<Integer, Float> byToken = new HashMap<>();
        weights(emotion).forEach((word, weight) -> {
            for (String form : forms(word)) {
                int[] ids = encode.apply(form);
                float share = ids.length == 0 ? 0 : share(form, word.length(), ids, encode);
                if (share > 0) {
                    byToken.merge(ids[0], weight * share, (a, b) -> Math.abs(b) > Math.abs(a) ? b : a);
                }
            }
        });
        byToken.replaceAll((id, weight) -> Math.clamp(weight * intensity * SCALE, -MOST_BIAS, MOST_BIAS));
        return Map.copyOf(byToken);
    }

    private static List<String> forms(String word) {
        String capital = word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
        return List.of(" " + word, word, " " + capital, capital);
    }

    /** How much of a word its first token is: 1 for all of it, 0 for too little. */
    private static float share(String form, int letters, int[] ids, Function<String, int[]> encode) {
        if (ids.length == 1) {
            return 1;
        }
        // The first token spells the beginning that is encoded as that token and nothing else.
        int space = form.length() - letters;
        for (int n = letters - 1; n >= Math.max(LEAST_LETTERS, (letters + 1) / 2); n--) {
            int[] beginning = encode.apply(form.substring(0, space + n));
            if (beginning.length == 1 && beginning[0] == ids[0]) {
                return (float) n / letters;
            }
        }
        return 0;
    }

    /**
     * A sentence for the system prompt, in three grades of intensity; at 0 it is that of neutral.
     *
     * @param intensity 0…1
     * @throws LimbicException.Invalid if the intensity is out of range
     */
    public String instruction(CanonicalEmotion emotion, float intensity) {
        requireIntensity(intensity);
        List<String> grades = grades(intensity == 0 ? CanonicalEmotion.NEUTRAL : emotion);
        int grade = intensity < MEDIUM ? 0 : intensity < STRONG ? 1 : 2;
        return grades.get(Math.min(grade, grades.size() - 1));
    }

    private static List<String> grades(CanonicalEmotion emotion) {
        return switch (emotion) {
            case NEUTRAL -> List.of("Reply calmly and neutrally.");
            case JOY ->
                List.of(
                        "Reply in a friendly, cheerful way.",
                        "Reply warmly and with joy.",
                        "Reply with great joy and enthusiasm.");
            case SADNESS ->
                List.of("Reply a little wistfully.", "Reply sadly and quietly.", "Reply with deep sadness.");
            case ANGER ->
                List.of(
                        "Reply with slight irritation.",
                        "Reply angrily.",
                        "Reply furiously, but without insults or threats.");
            case FEAR -> List.of("Reply a little uneasily.", "Reply anxiously and with fear.", "Reply in great fear.");
            case SURPRISE ->
                List.of("Reply with mild surprise.", "Reply with surprise.", "Reply with utter astonishment.");
            case DISGUST -> List.of("Reply with slight distaste.", "Reply with disgust.", "Reply with strong disgust.");
            case CONTEMPT ->
                List.of(
                        "Reply a little coolly and dismissively.",
                        "Reply with contempt.",
                        "Reply with open contempt, but without insults.");
        };
    }

    private static void requireIntensity(float intensity) {
        if (!(intensity >= 0 && intensity <= 1)) { // NaN too
            throw new LimbicException.Invalid("the intensity of an emotion must be 0 to 1, found " + intensity);
        }
    }
}
