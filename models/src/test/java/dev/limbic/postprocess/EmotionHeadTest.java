package dev.limbic.postprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbic.domain.Affect;
import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.postprocess.EmotionHead.Fallback;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class EmotionHeadTest {
    private static final List<String> EKMAN =
            List.of("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise");
    private static final List<String> GO =
            List.copyOf(Taxonomy.named("goemotions-28").labels());
    private static final Offset<Float> NEAR = within(1e-5f);

    @Test
    void exclusiveLabelsAreWeighedByProbability() {
        EmotionHead head = exclusive(EKMAN, "ekman-7");
        float[] logits = logs(0.5, 0, 0, 0.3, 0.2, 0, 0);
        Emotions found = head.interpret(logits);
        assertThat(found.logits()).containsExactly(logits).isNotSameAs(logits);
        assertThat(found.predicted()).containsExactly(0);
        assertThat(share(found, CanonicalEmotion.ANGER)).isEqualTo(0.5f, NEAR);
        assertThat(share(found, CanonicalEmotion.JOY)).isEqualTo(0.3f, NEAR);
        assertThat(share(found, CanonicalEmotion.NEUTRAL)).isEqualTo(0.2f, NEAR);
        Affect anger = affect("ekman-7", "anger");
        Affect joy = affect("ekman-7", "joy");
        float valence = 0.5f * anger.valence() + 0.3f * joy.valence();
        float arousal = 0.5f * anger.arousal() + 0.3f * joy.arousal();
        float dominance = 0.5f * anger.dominance() + 0.3f * joy.dominance();
        assertThat(affect(found).valence()).isEqualTo(valence, NEAR);
        assertThat(affect(found).arousal()).isEqualTo(arousal, NEAR);
        assertThat(affect(found).dominance()).isEqualTo(dominance, NEAR);
        float norm = (float) Math.sqrt(valence * valence + arousal * arousal + dominance * dominance);
        assertThat(found.intensity()).isEqualTo((float) Math.sqrt(0.8) * norm, NEAR);
    }

    @Test
    void intensityFollowsStrength() {
        EmotionHead head = exclusive(EKMAN, "ekman-7");
        assertThat(head.interpret(sure(0, 7)).intensity()).isGreaterThan(0.95f);
        assertThat(head.interpret(sure(4, 7)).intensity()).isLessThan(0.05f);
        float undecided = head.interpret(new float[7]).intensity();
        assertThat(undecided).isBetween(0.2f, 0.5f);
        float last = -1;
        for (double p = 0; p <= 1; p += 0.1) {
            float intensity = head.interpret(logs(p, 0, 0, 0, 1 - p, 0, 0)).intensity();
            assertThat(intensity).isGreaterThan(last);
            last = intensity;
        }
        EmotionHead go = exclusive(GO, "goemotions-28");
        assertThat(go.interpret(sure(GO.indexOf("approval"), 28)).intensity()).isBetween(0.3f, 0.5f);
        assertThat(go.interpret(sure(GO.indexOf("anger"), 28)).intensity())
                .isGreaterThan(go.interpret(sure(GO.indexOf("annoyance"), 28)).intensity());
    }

    @Test
    void whatUnmappedLabelsHoldIsNeutral() {
        EmotionHead head = exclusive(List.of("joy", "spam"), "ekman-7");
        Emotions found = head.interpret(logs(0.1, 0.9));
        assertThat(share(found, CanonicalEmotion.JOY)).isEqualTo(0.1f, NEAR);
        assertThat(share(found, CanonicalEmotion.NEUTRAL)).isEqualTo(0.9f, NEAR);
        assertThat(found.predicted()).containsExactly(1);
    }

    @Test
    void sentimentIsValenceAlone() {
        EmotionHead head = exclusive(List.of("NEGATIVE", "NEUTRAL", "POSITIVE"), "sentiment-5");
        Emotions found = head.interpret(logs(0.25, 0.25, 0.5));
        assertThat(found.canonical()).hasSize(8).containsOnly(0f);
        assertThat(affect(found).valence()).isEqualTo(0.15f, NEAR);
        assertThat(affect(found).arousal()).isZero();
        assertThat(affect(found).dominance()).isZero();
        assertThat(found.intensity()).isEqualTo(0.15f, NEAR);
        assertThat(affect(head.interpret(logs(0, 1, 0))).valence()).isZero();
    }

    @Test
    void withoutATaxonomyLabelsKeepTheirNames() {
        Emotions found = exclusive(EKMAN, "none").interpret(sure(0, 7));
        assertThat(found.probabilities()[0]).isGreaterThan(0.99f);
        assertThat(found.canonical()).hasSize(8).containsOnly(0f);
        assertThat(found.affect()).isNull();
        assertThat(found.intensity()).isZero();
    }

    @Test
    void independentLabelsAreWeighedAgainstTheirThresholds() {
        double[] thresholds = new double[28];
        Arrays.fill(thresholds, 0.3);
        thresholds[GO.indexOf("grief")] = 0.02;
        EmotionHead head = independent(GO, thresholds, Fallback.NONE);
        float[] logits = new float[28];
        Arrays.fill(logits, logit(0.01));
        Emotions nothing = head.interpret(logits);
        assertThat(nothing.predicted()).isEmpty();
        assertThat(share(nothing, CanonicalEmotion.NEUTRAL)).isGreaterThan(0.5f);
        // 0.2 is little for joy, and much for grief.
        logits[GO.indexOf("joy")] = logit(0.2);
        assertThat(share(head.interpret(logits), CanonicalEmotion.JOY)).isLessThan(0.3f);
        logits[GO.indexOf("joy")] = logit(0.01);
        logits[GO.indexOf("grief")] = logit(0.2);
        Emotions grief = head.interpret(logits);
        assertThat(grief.predicted()).containsExactly(GO.indexOf("grief"));
        assertThat(share(grief, CanonicalEmotion.SADNESS)).isGreaterThan(0.8f);
        assertThat(affect(grief).valence()).isLessThan(-0.6f);
        assertThat(grief.intensity()).isGreaterThan(0.8f);
    }

    @Test
    void evidenceIsHalfAtTheThreshold() {
        EmotionHead head = independent(List.of("anger"), new double[] {0.2}, Fallback.NONE);
        Emotions found = head.interpret(new float[] {logit(0.2)});
        assertThat(share(found, CanonicalEmotion.ANGER)).isEqualTo(0.5f, NEAR);
        assertThat(share(found, CanonicalEmotion.NEUTRAL)).isEqualTo(0.5f, NEAR);
        // Odds of 1:9 at a threshold of 1:4 are 4/9 of it; squared, 16/81.
        Emotions below = head.interpret(new float[] {logit(0.1)});
        assertThat(share(below, CanonicalEmotion.ANGER)).isEqualTo(16f / 97, NEAR);
    }

    @Test
    void theNeutralLabelCountsOnce() {
        EmotionHead head = independent(List.of("neutral", "joy"), new double[] {0.5, 0.5}, Fallback.NONE);
        Emotions both = head.interpret(new float[] {0, 0});
        assertThat(share(both, CanonicalEmotion.NEUTRAL)).isEqualTo(0.5f, NEAR);
        Emotions neither = head.interpret(new float[] {-20, -20});
        assertThat(share(neither, CanonicalEmotion.NEUTRAL)).isEqualTo(1, NEAR);
        assertThat(neither.intensity()).isEqualTo(0, within(1e-3f));
    }

    @Test
    void predictsFromTheThresholdUpwards() {
        EmotionHead head = independent(List.of("joy", "anger", "fear"), new double[] {0.5, 0.3, 0.9}, Fallback.NONE);
        assertThat(head.interpret(new float[] {0, 2, 2}).predicted()).containsExactly(1, 0);
        assertThat(head.interpret(new float[] {-1e-3f, -5, 2}).predicted()).isEmpty();
        EmotionHead always =
                independent(List.of("joy", "anger", "fear"), new double[] {0.5, 0.3, 0.9}, Fallback.ARGMAX);
        assertThat(always.interpret(new float[] {-1, -5, 2}).predicted()).containsExactly(2);
        assertThat(always.interpret(new float[] {0, -5, 2}).predicted()).containsExactly(0);
    }

    @Test
    void temperatureCountsBeforeThresholds() {
        EmotionHead head =
                new EmotionHead(List.of("joy"), true, 2, new double[] {0.7}, Fallback.NONE, Taxonomy.named("ekman-7"));
        assertThat(head.interpret(new float[] {1.6f}).predicted()).isEmpty();
        assertThat(head.interpret(new float[] {1.8f}).predicted()).containsExactly(0);
        assertThat(head.interpret(new float[] {3}).probabilities()[0])
                .isEqualTo((float) (1 / (1 + Math.exp(-1.5))), NEAR);
    }

    @Test
    void resultsStayInRangeWhateverTheLogits() {
        Random random = new Random(11);
        double[] thresholds = new double[28];
        for (int i = 0; i < 28; i++) {
            thresholds[i] = random.nextInt(4) == 0 ? random.nextInt(2) : random.nextDouble();
        }
        for (EmotionHead head : List.of(independent(GO, thresholds, Fallback.ARGMAX), exclusive(GO, "goemotions-28"))) {
            for (int round = 0; round < 3000; round++) {
                float[] logits = new float[28];
                float scale = (float) Math.pow(10, random.nextInt(32) - 2);
                for (int i = 0; i < 28; i++) {
                    logits[i] = random.nextInt(30) == 0
                            ? (random.nextBoolean() ? Float.POSITIVE_INFINITY : Float.NEGATIVE_INFINITY)
                            : (float) random.nextGaussian() * scale;
                }
                Emotions found = head.interpret(logits);
                float sum = 0;
                for (float share : found.canonical()) {
                    assertThat(share).isBetween(0f, 1f);
                    sum += share;
                }
                assertThat(sum).isEqualTo(1, NEAR);
                assertThat(found.intensity()).isBetween(0f, 1f);
                assertThat(affect(found).valence()).isBetween(-1f, 1f);
                assertThat(affect(found).arousal()).isBetween(-1f, 1f);
                assertThat(affect(found).dominance()).isBetween(-1f, 1f);
                assertThat(found.predicted()).isNotEmpty().doesNotHaveDuplicates();
            }
        }
    }

    @Test
    void refusesWhatABrokenModelGives() {
        EmotionHead head = exclusive(EKMAN, "ekman-7");
        assertThatThrownBy(() -> head.interpret(new float[6]))
                .isInstanceOf(LimbicException.Internal.class)
                .hasMessage("expected 7 logits, found 6");
        float[] broken = new float[7];
        broken[3] = Float.NaN;
        assertThatThrownBy(() -> head.interpret(broken))
                .isInstanceOf(LimbicException.Internal.class)
                .hasMessageContaining("logit 3, found NaN");
    }

    @Test
    void refusesImpossibleSettings() {
        for (double[] thresholds : new double[][] {{0.5}, {0.5, 1.1}, {0.5, -0.1}, {0.5, Double.NaN}}) {
            assertThatThrownBy(() -> independent(List.of("joy", "anger"), thresholds, Fallback.NONE))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> new EmotionHead(List.of("joy"), false, 0, new double[1], Fallback.NONE, Taxonomy.NONE))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static EmotionHead exclusive(List<String> labels, String taxonomy) {
        return new EmotionHead(labels, false, 1, new double[labels.size()], Fallback.NONE, Taxonomy.named(taxonomy));
    }

    private static EmotionHead independent(List<String> labels, double[] thresholds, Fallback fallback) {
        return new EmotionHead(labels, true, 1, thresholds, fallback, Taxonomy.named("goemotions-28"));
    }

    private static float share(Emotions emotions, CanonicalEmotion emotion) {
        return emotions.canonical()[Taxonomy.index(emotion)];
    }

    private static Affect affect(Emotions found) {
        return Objects.requireNonNull(found.affect());
    }

    private static Affect affect(String taxonomy, String label) {
        return Taxonomy.named(taxonomy).meaning(label).orElseThrow().affect();
    }

    private static float[] sure(int label, int count) {
        float[] logits = new float[count];
        logits[label] = 12;
        return logits;
    }

    private static float[] logs(double... probabilities) {
        float[] logits = new float[probabilities.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) Math.log(Math.max(0, probabilities[i]));
        }
        return logits;
    }

    private static float logit(double p) {
        return (float) Math.log(p / (1 - p));
    }
}
