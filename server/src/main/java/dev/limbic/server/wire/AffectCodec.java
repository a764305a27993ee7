package dev.limbic.server.wire;

import com.google.common.primitives.Floats;
import dev.limbic.domain.Affect;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.v1.Analysis;
import dev.limbic.v1.CanonicalEmotion;
import dev.limbic.v1.CanonicalWeight;
import org.jspecify.annotations.Nullable;

/** Messages of affect.proto to words of the domain and back. */
final class AffectCodec {
    private static final dev.limbic.domain.CanonicalEmotion[] CANONICAL = dev.limbic.domain.CanonicalEmotion.values();

    private AffectCodec() {}

    static Analysis analysis(Answer<Emotions> answer) {
        Emotions emotions = answer.value();
        Analysis.Builder analysis = Analysis.newBuilder()
                .setModel(answer.model())
                .addAllLogits(Floats.asList(emotions.logits()))
                .addAllProbabilities(Floats.asList(emotions.probabilities()))
                .addAllPredictedLabelIds(emotions.predicted())
                .setIntensity(emotions.intensity())
                .setTruncated(answer.truncated())
                .setTiming(CommonCodec.timing(answer));
        if (isMapped(emotions.canonical())) {
            for (int i = 0; i < CANONICAL.length; i++) {
                analysis.addCanonicalEmotions(CanonicalWeight.newBuilder()
                        .setEmotion(emotion(CANONICAL[i]))
                        .setWeight(emotions.canonical()[i]));
            }
        }
        Affect affect = emotions.affect();
        if (affect != null) {
            analysis.setAffect(affect(affect));
        }
        return analysis.build();
    }

    private static boolean isMapped(float[] canonical) {
        for (float weight : canonical) {
            if (weight != 0) {
                return true;
            }
        }
        return false;
    }

    private static dev.limbic.v1.Affect affect(Affect affect) {
        return dev.limbic.v1.Affect.newBuilder()
                .setValence(affect.valence())
                .setArousal(affect.arousal())
                .setDominance(affect.dominance())
                .build();
    }

    static CanonicalEmotion emotion(dev.limbic.domain.CanonicalEmotion emotion) {
        return switch (emotion) {
            case NEUTRAL -> CanonicalEmotion.CANONICAL_EMOTION_NEUTRAL;
            case JOY -> CanonicalEmotion.CANONICAL_EMOTION_JOY;
            case SADNESS -> CanonicalEmotion.CANONICAL_EMOTION_SADNESS;
            case ANGER -> CanonicalEmotion.CANONICAL_EMOTION_ANGER;
            case FEAR -> CanonicalEmotion.CANONICAL_EMOTION_FEAR;
            case SURPRISE -> CanonicalEmotion.CANONICAL_EMOTION_SURPRISE;
            case DISGUST -> CanonicalEmotion.CANONICAL_EMOTION_DISGUST;
            case CONTEMPT -> CanonicalEmotion.CANONICAL_EMOTION_CONTEMPT;
        };
    }

    /**
     * An emotion that a client gave, or null if it gave none.
     *
     * @throws LimbicException.Invalid if it is unknown
     */
    static dev.limbic.domain.@Nullable CanonicalEmotion emotion(CanonicalEmotion emotion, int number) {
        return switch (emotion) {
            case CANONICAL_EMOTION_UNSPECIFIED -> null;
            case UNRECOGNIZED -> throw new LimbicException.Invalid("emotion %d is unknown".formatted(number));
            case CANONICAL_EMOTION_NEUTRAL -> dev.limbic.domain.CanonicalEmotion.NEUTRAL;
            case CANONICAL_EMOTION_JOY -> dev.limbic.domain.CanonicalEmotion.JOY;
            case CANONICAL_EMOTION_SADNESS -> dev.limbic.domain.CanonicalEmotion.SADNESS;
            case CANONICAL_EMOTION_ANGER -> dev.limbic.domain.CanonicalEmotion.ANGER;
            case CANONICAL_EMOTION_FEAR -> dev.limbic.domain.CanonicalEmotion.FEAR;
            case CANONICAL_EMOTION_SURPRISE -> dev.limbic.domain.CanonicalEmotion.SURPRISE;
            case CANONICAL_EMOTION_DISGUST -> dev.limbic.domain.CanonicalEmotion.DISGUST;
            case CANONICAL_EMOTION_CONTEMPT -> dev.limbic.domain.CanonicalEmotion.CONTEMPT;
        };
    }
}
