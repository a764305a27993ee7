package dev.limbic.server.wire;

import com.google.common.base.Utf8;
import com.google.common.primitives.Floats;
import dev.limbic.domain.Affect;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.model.ClassifierCard;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.pipeline.Request;
import dev.limbic.v1.Analysis;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.CanonicalEmotion;
import dev.limbic.v1.CanonicalWeight;
import dev.limbic.v1.Model;
import dev.limbic.v1.Timing;
import io.grpc.Deadline;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Messages of the wire to words of the domain and back. */
final class Codec {
    private static final dev.limbic.domain.CanonicalEmotion[] CANONICAL = dev.limbic.domain.CanonicalEmotion.values();

    /** Most of what a client calls things by: requests, utterances, models, manners; in bytes of UTF-8. */
    static final int MAX_NAME_BYTES = 256;

    private Codec() {}

    /**
     * A name that a client gave.
     *
     * @param field of the message, for the error
     * @throws LimbicException.Invalid if it is too long
     */
    static String name(String field, String given) {
        if (isLong(given)) {
            throw new LimbicException.Invalid("%s must have at most %d bytes of UTF-8, found %d"
                    .formatted(field, MAX_NAME_BYTES, Utf8.encodedLength(given)));
        }
        return given;
    }

    /** What an answer says of whom it belongs to: the name that was given, or nothing if that is too long. */
    static String echo(String given) {
        return isLong(given) ? "" : given;
    }

    private static boolean isLong(String name) {
        // A char is 1 to 3 bytes; most names are decided without counting.
        return name.length() > MAX_NAME_BYTES
                || (name.length() > MAX_NAME_BYTES / 3 && Utf8.encodedLength(name) > MAX_NAME_BYTES);
    }

    /**
     * Reads a request.
     *
     * @param deadline of the call, if any
     * @throws LimbicException.Invalid if it makes no sense
     */
    static Request<Text> request(Inbound<AnalyzeRequest> inbound, @Nullable Deadline deadline) {
        AnalyzeRequest request = inbound.requireReadable();
        name("request_id", request.getRequestId());
        return switch (request.getInputCase()) {
            case TEXT ->
                new Request<>(
                        name("model", request.getModel()),
                        new Text(request.getText()),
                        priority(request.getPriority(), request.getPriorityValue()),
                        timeout(request.getTimeoutMillis(), deadline));
            case INPUT_NOT_SET ->
                throw new LimbicException.Invalid("no input; set text (or this server is older than the client)");
        };
    }

    static Priority priority(dev.limbic.v1.Priority priority, int number) {
        return switch (priority) {
            case PRIORITY_LOW -> Priority.LOW;
            case PRIORITY_UNSPECIFIED, PRIORITY_NORMAL -> Priority.NORMAL;
            case PRIORITY_HIGH -> Priority.HIGH;
            case UNRECOGNIZED -> throw new LimbicException.Invalid("priority %d is unknown".formatted(number));
        };
    }

    /** Time left in nanoseconds, by the request's own bound and the call's. */
    static long timeout(int millis, @Nullable Deadline deadline) {
        if (millis < 0) {
            throw new LimbicException.Invalid("timeout_millis is %d; 0 means none".formatted(millis));
        }
        long own = millis == 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(millis);
        return deadline == null ? own : Math.min(own, deadline.timeRemaining(TimeUnit.NANOSECONDS));
    }

    static Analysis analysis(Answer<Emotions> answer) {
        Emotions emotions = answer.value();
        Analysis.Builder analysis = Analysis.newBuilder()
                .setModel(answer.model())
                .addAllLogits(Floats.asList(emotions.logits()))
                .addAllProbabilities(Floats.asList(emotions.probabilities()))
                .addAllPredictedLabelIds(emotions.predicted())
                .setIntensity(emotions.intensity())
                .setTruncated(answer.truncated())
                .setTokenCount(answer.cost())
                .setTiming(timing(answer.timing()));
        if (isMapped(emotions.canonical())) {
            for (int i = 0; i < CANONICAL.length; i++) {
                analysis.addCanonicalEmotions(CanonicalWeight.newBuilder()
                        .setEmotion(canonical(CANONICAL[i]))
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

    static CanonicalEmotion canonical(dev.limbic.domain.CanonicalEmotion emotion) {
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

    private static dev.limbic.v1.Affect affect(Affect affect) {
        return dev.limbic.v1.Affect.newBuilder()
                .setValence(affect.valence())
                .setArousal(affect.arousal())
                .setDominance(affect.dominance())
                .build();
    }

    private static Timing timing(Answer.Timing timing) {
        return Timing.newBuilder()
                .setBatchRows(timing.batchRows())
                .setBatchTokens(timing.batchCost())
                .setTokenizeMicros(timing.prepareNanos() / 1000)
                .setQueueMicros(timing.queueNanos() / 1000)
                .setComputeMicros(timing.computeNanos() / 1000)
                .setTotalMicros(timing.totalNanos() / 1000)
                .build();
    }

    static Model model(ClassifierCard card, ClassifierCard.Tokens takes, boolean isDefault) {
        return Model.newBuilder()
                .setName(card.name())
                .setArchitecture(card.architecture())
                .addAllLabels(card.labels())
                .setMultiLabel(card.multiLabel())
                .setTaxonomy(card.taxonomy())
                .setMaxTokens(takes.most())
                .setParameters(card.parameters())
                .setPrecision(card.precision())
                .setDevice(card.device())
                .setIsDefault(isDefault)
                .build();
    }
}
