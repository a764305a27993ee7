package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.LimbicException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SteeringWordsTest {
    private static final float SCALE = SteeringWords.SCALE;

    private final SteeringWords learnt = SteeringWords.load();

    /** Takes the longest piece that fits; what no piece fits becomes a character of its own, 1000 and up. */
    private record Toy(List<String> pieces) implements Function<String, int[]> {
        static Toy of(String... pieces) {
            return new Toy(List.of(pieces));
        }

        @Override
        public int[] apply(String text) {
            List<Integer> ids = new ArrayList<>();
            for (int at = 0; at < text.length(); ) {
                int best = -1;
                for (int i = 0; i < pieces.size(); i++) {
                    boolean fits = text.startsWith(pieces.get(i), at);
                    if (fits
                            && (best < 0
                                    || pieces.get(i).length() > pieces.get(best).length())) {
                        best = i;
                    }
                }
                ids.add(best < 0 ? 1000 + text.charAt(at) : best);
                at += best < 0 ? 1 : pieces.get(best).length();
            }
            return ids.stream().mapToInt(Integer::intValue).toArray();
        }
    }

    private static Map<Integer, Float> biases(Map<String, Float> words, float intensity, String... pieces) {
        return SteeringWords.of(Map.of(CanonicalEmotion.JOY, words))
                .biases(CanonicalEmotion.JOY, intensity, Toy.of(pieces));
    }

    private static Map<String, Float> inOrder(String first, float one, String second, float other) {
        Map<String, Float> words = new LinkedHashMap<>();
        words.put(first, one);
        words.put(second, other);
        return words;
    }

    @Test
    void formsOfOneTokenCarryTheWholeWeight() {
        Map<Integer, Float> biases = biases(Map.of("glad", 2f), 0.5f, " glad", "glad", " Glad", "Glad", "sad");
        assertThat(biases).containsOnlyKeys(0, 1, 2, 3);
        assertThat(biases.values()).allSatisfy(b -> assertThat(b).isEqualTo(SCALE, within(1e-6f)));
    }

    @Test
    void aFirstTokenHasTheShareThatItSpells() {
        Map<Integer, Float> biases = biases(Map.of("wonderful", 1f), 1, " wonder", "ful", "wond", " W", "Won");
        assertThat(biases).containsOnlyKeys(0);
        assertThat(biases.get(0)).isEqualTo(SCALE * 6 / 9, within(1e-6f));
    }

    @Test
    void aFirstTokenThatSpellsTooLittleCarriesNothing() {
        assertThat(biases(Map.of("sad", 1f), 1, " sa", "sa", "d")).isEmpty();
        assertThat(biases(Map.of("unhappy", 1f), 1, " un", "un", "happy")).isEmpty();
        assertThat(biases(Map.of("forgive", 1f), 1, " for", "give")).isEmpty();
        assertThat(biases(Map.of("angry", 1f), 1, " ")).isEmpty();
        assertThat(biases(Map.of("glad", 1f), 1, " gla", "d")).containsOnlyKeys(0);
    }

    @Test
    void ofWordsWithOneTokenTheLargerMagnitudeCounts() {
        String[] pieces = {" hope", "less", "ful"};
        Map<String, Float> words = inOrder("hopeful", 1.75f, "hopeless", -2.4f);
        float expected = -2.4f * SCALE * 4 / 8;
        assertThat(biases(words, 1, pieces).get(0)).isEqualTo(expected, within(1e-6f));
        Map<String, Float> turned = inOrder("hopeless", -2.4f, "hopeful", 1.75f);
        assertThat(biases(turned, 1, pieces).get(0)).isEqualTo(expected, within(1e-6f));
    }

    @Test
    void biasesAreClipped() {
        Map<Integer, Float> biases = biases(inOrder("glad", 50, "grim", -50), 1, " glad", " grim");
        assertThat(biases).containsExactlyInAnyOrderEntriesOf(Map.of(0, 4f, 1, -4f));
    }

    @Test
    void aTokeniserThatKnowsNothingGivesNothing() {
        assertThat(learnt.biases(CanonicalEmotion.JOY, 1, text -> new int[0])).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void biasesGrowWithIntensity(CanonicalEmotion emotion) {
        List<String> pieces = new ArrayList<>();
        learnt.weights(emotion).keySet().forEach(word -> {
            pieces.add(" " + word.substring(0, Math.min(word.length(), 5)));
            pieces.add(word);
        });
        Toy toy = new Toy(pieces);
        assertThat(learnt.biases(emotion, 0, toy)).isEmpty();
        Map<Integer, Float> before = learnt.biases(emotion, 0.1f, toy);
        assertThat(before).hasSizeGreaterThan(20);
        for (float intensity : new float[] {0.3f, 0.5f, 0.9f, 1}) {
            Map<Integer, Float> after = learnt.biases(emotion, intensity, toy);
            assertThat(after).containsOnlyKeys(before.keySet());
            before.forEach((id, bias) -> {
                float now = after.getOrDefault(id, 0f);
                assertThat(now * bias).isPositive();
                assertThat(Math.abs(now)).isBetween(Math.abs(bias), SteeringWords.MOST_BIAS);
                assertThat(Math.abs(now) > Math.abs(bias) || Math.abs(now) == SteeringWords.MOST_BIAS)
                        .isTrue();
            });
            before = after;
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {-0.01f, 1.01f, Float.NaN})
    void anIntensityOutOfRangeIsRefused(float intensity) {
        String message = "the intensity of an emotion must be 0 to 1, found " + intensity;
        assertThatThrownBy(() -> learnt.biases(CanonicalEmotion.JOY, intensity, Toy.of()))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessage(message);
        assertThatThrownBy(() -> learnt.instruction(CanonicalEmotion.JOY, intensity))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @EnumSource
    void everyEmotionHasCleanWords(CanonicalEmotion emotion) {
        Map<String, Float> words = learnt.weights(emotion);
        assertThat(words).hasSizeBetween(20, 120);
        assertThat(words.values()).anyMatch(w -> w > 0).anyMatch(w -> w < 0);
        words.forEach((word, weight) -> {
            assertThat(word).matches("[a-z]{2,16}");
            assertThat(weight).isBetween(-2f, 3f);
            assertThat(Math.abs(weight)).as(word).isGreaterThanOrEqualTo(0.4f);
        });
    }

    @ParameterizedTest
    @EnumSource
    void noWordIsAboutWhoSomebodyIsOrThreatens(CanonicalEmotion emotion) {
        Pattern unwanted =
                Pattern.compile("(?:wo)?m[ae]n|girls?|boys?|gays?|trans|god|jesus|church|muslims?|jew.*|black|white"
                        + "|kill.*|murder.*|die|rape.*|shoot.*|fuck.*|shit.*|bitch.*|sex.*|ass|idiot.*|retard.*|crazy|insane"
                        + "|he|she|his|her|trump|america.*|african?.*|mexican.*|kids?|old|fat|ugly");
        assertThat(learnt.weights(emotion).keySet()).noneMatch(unwanted.asMatchPredicate());
    }

    @Test
    void emotionsHaveTheWordsThatOneWouldExpect() {
        assertThat(learnt.weights(CanonicalEmotion.JOY)).containsKeys("love", "great", "happy");
        assertThat(learnt.weights(CanonicalEmotion.SADNESS).get("sad")).isPositive();
        assertThat(learnt.weights(CanonicalEmotion.ANGER).get("love")).isNegative();
        assertThat(learnt.weights(CanonicalEmotion.FEAR).get("scary")).isPositive();
        assertThat(learnt.weights(CanonicalEmotion.NEUTRAL).get("wow")).isNegative();
    }

    @Test
    void theFileIsSmall() throws IOException {
        try (InputStream in = Objects.requireNonNull(SteeringWords.class.getResourceAsStream("steering.json"))) {
            assertThat(in.readAllBytes()).hasSizeLessThan(60_000);
        }
    }

    @Test
    void instructionsAreShortSentencesInThreeGrades() {
        Set<String> sentences = new HashSet<>();
        for (CanonicalEmotion emotion : CanonicalEmotion.values()) {
            for (float intensity : new float[] {0.01f, 0.3f, 0.4f, 0.6f, 0.7f, 1}) {
                String sentence = learnt.instruction(emotion, intensity);
                assertThat(sentence).matches("Reply [a-z, ]{5,50}\\.");
                sentences.add(sentence);
            }
        }
        assertThat(sentences).hasSize(1 + 7 * 3);
        assertThat(learnt.instruction(CanonicalEmotion.JOY, 0.5f)).isEqualTo("Reply warmly and with joy.");
        assertThat(learnt.instruction(CanonicalEmotion.JOY, 0)).isEqualTo("Reply calmly and neutrally.");
        assertThat(learnt.instruction(CanonicalEmotion.NEUTRAL, 1)).isEqualTo("Reply calmly and neutrally.");
    }
}
