package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.generate.TokenRules;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.LanguageModel;
import dev.limbic.server.FakeLanguageModel;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a client may wish, and what the model's makers add. The fake's tokens are bytes; 256 ends a reply. */
class SamplingWishTest {
    private static final int LENGTH = 64;

    private final FakeLanguageModel model = new FakeLanguageModel("speaker");

    private static SamplingWish words(List<String> banned, List<String> stops, Map<Integer, Float> biases) {
        return new SamplingWish(null, null, null, null, null, 0, 0, biases, banned, stops, List.of(), 0, 0, 5L, 0);
    }

    private static SamplingWish lengths(int least, int most) {
        return new SamplingWish(
                null, null, null, null, null, 0, 0, Map.of(), List.of(), List.of(), List.of(9), least, most, 5L, 0);
    }

    private static SamplingWish numbers(float temperature, int topK, float topP, float minP, float repetition) {
        return new SamplingWish(
                temperature,
                topK,
                topP,
                minP,
                repetition,
                1.5f,
                -1.5f,
                Map.of(),
                List.of(),
                List.of(),
                List.of(),
                0,
                0,
                null,
                3);
    }

    private SamplingSettings settings(SamplingWish wish) {
        return wish.settings(model, null, prompt(3));
    }

    private static void refused(Runnable wish, String message) {
        assertThatThrownBy(wish::run)
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining(message);
    }

    @Test
    void whatIsNotWishedIsAsTheMakersRecommend() {
        SamplingSettings settings = settings(SamplingWish.DEFAULT);
        assertThat(settings.temperature()).isZero();
        assertThat(settings.truncation()).isEqualTo(SamplingSettings.Truncation.NONE);
        assertThat(settings.penalties()).isEqualTo(SamplingSettings.Penalties.NONE);
        assertThat(settings.ending().maxNewTokens()).isEqualTo(LENGTH);
        assertThat(settings.ending().stopIds()).containsExactly(256);
        assertThat(settings.ending().stopStrings()).containsExactly("\nUser:");
        assertThat(settings(SamplingWish.DEFAULT).seed()).isNotEqualTo(settings.seed());
    }

    @Test
    void aWishIsFulfilled() {
        SamplingSettings settings = settings(numbers(0.5f, 7, 0.75f, 0.25f, 1.5f));
        assertThat(settings.temperature()).isEqualTo(0.5f);
        assertThat(settings.truncation()).isEqualTo(new SamplingSettings.Truncation(7, 0.75f, 0.25f));
        assertThat(settings.penalties()).isEqualTo(new SamplingSettings.Penalties(1.5f, 1.5f, -1.5f));
        assertThat(settings.alternatives()).isEqualTo(3);
        SamplingSettings words = settings(words(List.of(" ab "), List.of("x"), Map.of(7, 2f)));
        assertThat(words.bannedSequences()).containsExactly(List.of((int) 'a', (int) 'b'));
        assertThat(words.ending().stopStrings()).containsExactly("x", "\nUser:");
        assertThat(words.logitBias()).containsExactly(Map.entry(7, 2f));
        assertThat(words.seed()).isEqualTo(5);
        assertThat(settings(lengths(0, 3)).ending().stopIds()).containsExactly(256, 9);
    }

    @ParameterizedTest
    @CsvSource({
        "-0.1, 0, 1, 0, 1, temperature",
        "100.5, 0, 1, 0, 1, temperature",
        "NaN, 0, 1, 0, 1, temperature",
        "1, -1, 1, 0, 1, top_k",
        "1, 0, 0, 0, 1, top_p",
        "1, 0, 1.1, 0, 1, top_p",
        "1, 0, 1, 1.1, 1, min_p",
        "1, 0, 1, NaN, 1, min_p",
        "1, 0, 1, 0, 0, repetition_penalty",
        "1, 0, 1, 0, 101, repetition_penalty"
    })
    void numbersHaveBounds(float temperature, int topK, float topP, float minP, float repetition, String named) {
        refused(() -> settings(numbers(temperature, topK, topP, minP, repetition)), named);
    }

    @Test
    void listsHaveBounds() {
        List<String> stops = Collections.nCopies(16, "x");
        assertThat(settings(words(List.of(), stops, Map.of())).ending().stopStrings())
                .as("the form's own on top")
                .hasSize(17);
        refused(() -> words(List.of(), Collections.nCopies(17, "x"), Map.of()), "16 stop strings");
        refused(() -> settings(words(List.of(), List.of(""), Map.of())), "stop string");
        assertThat(settings(words(Collections.nCopies(256, "x"), List.of(), Map.of())))
                .isNotNull();
        refused(() -> words(Collections.nCopies(257, "x"), List.of(), Map.of()), "256 banned words");
        refused(() -> words(List.of(" "), List.of(), Map.of()), "banned word");
        refused(() -> words(List.of("x".repeat(65)), List.of(), Map.of()), "64 characters");
        Map<Integer, Float> biases = new HashMap<>();
        IntStream.range(0, 4097).forEach(id -> biases.put(id, 1f));
        refused(() -> words(List.of(), List.of(), biases), "4096 biases");
        refused(() -> settings(words(List.of(), List.of(), Map.of(3, Float.NaN))), "token 3");
    }

    private static LanguageModel.Prompt prompt(int tokens) {
        return new LanguageModel.Prompt(new int[tokens], 0, List.of("\nUser:"));
    }

    @Test
    void theModelsGreatestLengthHoldsUntilAClientSaysHowMuch() {
        FakeLanguageModel bounded = new FakeLanguageModel(
                "bounded",
                64,
                new LanguageCard.Recommended(
                        0, SamplingSettings.Truncation.NONE, 1, 64, 80, List.of("###"), TokenRules.NONE));
        SamplingWish open = lengths(0, 0);
        assertThat(open.settings(bounded, null, prompt(10)).ending().maxNewTokens())
                .isEqualTo(64);
        assertThat(open.settings(bounded, null, prompt(30)).ending().maxNewTokens())
                .isEqualTo(50);
        assertThat(open.settings(bounded, null, prompt(10)).ending().stopStrings())
                .containsExactly("\nUser:", "###");
        refused(() -> open.settings(bounded, null, prompt(80)), "max_length is 80");
        refused(() -> lengths(9, 0).settings(bounded, null, prompt(72)), "max_length is 80");
        assertThat(lengths(0, 70).settings(bounded, null, prompt(80)).ending().maxNewTokens())
                .isEqualTo(70);
        assertThat(open.mostTokens(bounded.card())).isEqualTo(80);
        assertThat(lengths(0, 70).mostTokens(bounded.card())).isEqualTo(FakeLanguageModel.CONTEXT);
    }

    @Test
    void lengthsHaveBounds() {
        assertThat(settings(lengths(0, 0)).ending().maxNewTokens()).isEqualTo(LENGTH);
        assertThat(settings(lengths(100, 0)).ending().maxNewTokens())
                .as("a wish for more than the makers recommend")
                .isEqualTo(100);
        assertThat(settings(lengths(2, 3)).ending().minNewTokens()).isEqualTo(2);
        refused(() -> lengths(0, -1), "max_new_tokens");
        refused(() -> settings(lengths(4, 3)), "min_new_tokens");
        refused(() -> settings(lengths(-1, 3)), "min_new_tokens");
    }
}
