package dev.limbic.postprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbic.domain.Affect;
import dev.limbic.domain.CanonicalEmotion;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaxonomyTest {
    private static final Set<String> NEUTRAL = Set.of("neutral", "neu", "oth", "others", "3_stars");

    @ParameterizedTest
    @CsvSource({
        "goemotions-28,28",
        "ekman-7,7",
        "emotion-6,6",
        "fer-7,7",
        "fer-8,8",
        "ravdess-8,8",
        "semeval-11,11",
        "pysentimiento-7,7",
        "plutchik-8,8",
        "isear-7,7",
        "iemocap-10,10",
        "crowdflower-13,13",
        "sentiment-5,5",
        "stars-5,5",
        "none,0"
    })
    void eachLabelHasAMeaning(String name, int size) {
        Taxonomy taxonomy = Taxonomy.named(name);
        assertThat(Taxonomy.names()).hasSize(15).contains(name);
        assertThat(taxonomy.name()).isEqualTo(name);
        assertThat(taxonomy.labels()).hasSize(size);
        Set<Affect> different = new HashSet<>();
        for (String label : taxonomy.labels()) {
            Taxonomy.Meaning meaning = taxonomy.meaning(label).orElseThrow();
            assertThat(different.add(meaning.affect()))
                    .as(label)
                    .isEqualTo(!label.equals("oth")); // the same as neutral
            float sum = 0;
            for (float share : meaning.emotions()) {
                assertThat(share).isBetween(0f, 1f);
                sum += share;
            }
            boolean pleasantness = name.equals("sentiment-5") || name.equals("stars-5");
            assertThat(sum).as(label).isEqualTo(pleasantness ? 0 : 1, within(1e-6f));
            assertThat(meaning.affect().valence()).isBetween(-1f, 1f);
            assertThat(meaning.affect().arousal()).isBetween(-1f, 1f);
            assertThat(meaning.affect().dominance()).isBetween(-1f, 1f);
            boolean indifferent = meaning.affect().equals(Affect.NEUTRAL);
            assertThat(indifferent).as(label).isEqualTo(NEUTRAL.contains(label));
            assertThat(meaning.neutral()).as(label).isEqualTo(NEUTRAL.contains(label));
        }
    }

    @Test
    void goEmotionsKeepsThePublishedGrouping() {
        Taxonomy taxonomy = Taxonomy.named("goemotions-28");
        String[][] groups = {
            {"ANGER", "anger", "annoyance", "disapproval"},
            {"DISGUST", "disgust"},
            {"FEAR", "fear", "nervousness"},
            {
                "JOY",
                "joy",
                "amusement",
                "approval",
                "excitement",
                "gratitude",
                "love",
                "optimism",
                "relief",
                "pride",
                "admiration",
                "desire",
                "caring"
            },
            {"SADNESS", "sadness", "disappointment", "embarrassment", "grief", "remorse"},
            {"SURPRISE", "surprise", "realization", "confusion", "curiosity"},
        };
        int seen = 0;
        for (String[] group : groups) {
            for (int i = 1; i < group.length; i++, seen++) {
                float[] emotions = taxonomy.meaning(group[i]).orElseThrow().emotions();
                CanonicalEmotion largest = CanonicalEmotion.JOY;
                for (CanonicalEmotion e : CanonicalEmotion.values()) {
                    if (e != CanonicalEmotion.NEUTRAL
                            && emotions[Taxonomy.index(e)] > emotions[Taxonomy.index(largest)]) {
                        largest = e;
                    }
                }
                assertThat(largest.name()).as(group[i]).isEqualTo(group[0]);
            }
        }
        assertThat(seen).isEqualTo(27);
    }

    @Test
    void findsLabelsInOtherSpellings() {
        Taxonomy ekman = Taxonomy.named("ekman-7");
        assertThat(ekman.meaning("Happiness")).isEqualTo(ekman.meaning("joy")).isPresent();
        assertThat(ekman.meaning(" ANGRY ")).isEqualTo(ekman.meaning("anger")).isPresent();
        Taxonomy ravdess = Taxonomy.named("ravdess-8");
        assertThat(ravdess.meaning("joy")).isEqualTo(ravdess.meaning("happy")).isPresent();
        assertThat(ekman.meaning("love")).isEmpty();
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("tr"));
            assertThat(ekman.meaning("DISGUST")).isPresent();
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void detectsTheDataSet() {
        for (String name : Taxonomy.names()) {
            assertThat(Taxonomy.detect(List.copyOf(Taxonomy.named(name).labels()))
                            .name())
                    .isEqualTo(name);
        }
        assertDetected("emotion-6", "sadness", "joy", "love", "anger", "fear", "surprise");
        assertDetected("fer-7", "Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral");
        assertDetected("ekman-7", "joy", "anger", "sadness", "surprise", "neutral");
        assertDetected("goemotions-28", "admiration", "joy");
        assertDetected("ravdess-8", "calm", "neutral");
        assertDetected("fer-8", "anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise", "contempt");
        assertDetected("ravdess-8", "happy", "sad", "angry", "fearful");
        // As published models spell them.
        assertDetected(
                "semeval-11",
                "anger",
                "anticipation",
                "disgust",
                "fear",
                "joy",
                "love",
                "optimism",
                "pessimism",
                "sadness",
                "surprise",
                "trust");
        assertDetected("pysentimiento-7", "others", "joy", "sadness", "anger", "surprise", "disgust", "fear");
        assertDetected("plutchik-8", "Anticipation", "Joy", "Trust", "Fear", "Surprise", "Sadness", "Disgust", "Anger");
        assertDetected("isear-7", "anger", "disgust", "fear", "guilt", "joy", "sadness", "shame");
        assertDetected("iemocap-10", "neu", "hap", "ang", "sad");
        assertDetected("iemocap-10", "Neutral", "Happiness", "Frustrated", "Excited");
        assertDetected("crowdflower-13", "empty", "sadness", "enthusiasm", "neutral", "worry", "boredom");
        assertDetected("sentiment-5", "negative", "neutral", "positive");
        assertDetected("sentiment-5", "NEGATIVE", "POSITIVE");
        assertDetected("sentiment-5", "NEG", "NEU", "POS");
        assertDetected("sentiment-5", "Very Negative", "Negative", "Neutral", "Positive", "Very Positive");
        assertDetected("stars-5", "1 star", "2 stars", "3 stars", "4 stars", "5 stars");
        assertDetected("none", "joy", "anger", "toxic");
        assertDetected("none", "LABEL_0", "LABEL_1");
    }

    @Test
    void listsItsNames() {
        assertThatThrownBy(() -> Taxonomy.named("ekman"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expected one of goemotions-28, ekman-7, emotion-6, fer-7, fer-8, ravdess-8,"
                        + " semeval-11, pysentimiento-7, plutchik-8, isear-7, iemocap-10, crowdflower-13, sentiment-5,"
                        + " stars-5, none, found 'ekman'");
    }

    private static void assertDetected(String name, String... labels) {
        assertThat(Taxonomy.detect(List.of(labels)).name()).isEqualTo(name);
    }
}
