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
    @ParameterizedTest
    @CsvSource({"goemotions-28,28", "ekman-7,7", "emotion-6,6", "fer-7,7", "fer-8,8", "ravdess-8,8", "none,0"})
    void eachLabelHasAMeaning(String name, int size) {
        Taxonomy taxonomy = Taxonomy.named(name);
        assertThat(Taxonomy.names()).hasSize(7).contains(name);
        assertThat(taxonomy.name()).isEqualTo(name);
        assertThat(taxonomy.labels()).hasSize(size);
        Set<Affect> different = new HashSet<>();
        for (String label : taxonomy.labels()) {
            Taxonomy.Meaning meaning = taxonomy.meaning(label).orElseThrow();
            assertThat(different.add(meaning.affect())).isTrue();
            float sum = 0;
            for (float share : meaning.emotions()) {
                assertThat(share).isBetween(0f, 1f);
                sum += share;
            }
            assertThat(sum).as(label).isEqualTo(1, within(1e-6f));
            assertThat(meaning.affect().valence()).isBetween(-1f, 1f);
            assertThat(meaning.affect().arousal()).isBetween(-1f, 1f);
            assertThat(meaning.affect().dominance()).isBetween(-1f, 1f);
            boolean indifferent = meaning.affect().equals(Affect.NEUTRAL);
            assertThat(indifferent).as(label).isEqualTo(label.equals("neutral"));
            assertThat(meaning.neutral()).as(label).isEqualTo(label.equals("neutral"));
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
        assertDetected("none", "joy", "anger", "toxic");
        assertDetected("none", "LABEL_0", "LABEL_1");
    }

    @Test
    void listsItsNames() {
        assertThatThrownBy(() -> Taxonomy.named("ekman"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expected one of goemotions-28, ekman-7, emotion-6, fer-7, fer-8, ravdess-8, none,"
                        + " found 'ekman'");
    }

    private static void assertDetected(String name, String... labels) {
        assertThat(Taxonomy.detect(List.of(labels)).name()).isEqualTo(name);
    }
}
