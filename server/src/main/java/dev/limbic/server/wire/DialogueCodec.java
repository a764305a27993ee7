package dev.limbic.server.wire;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Cue;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.server.dialogue.Steering;
import dev.limbic.server.pipeline.ReplyRequest;
import dev.limbic.server.pipeline.SamplingWish;
import dev.limbic.v1.ChatMessage;
import dev.limbic.v1.EmotionTarget;
import dev.limbic.v1.FinishReason;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.ReplyFinished;
import dev.limbic.v1.ReplyStarted;
import dev.limbic.v1.Sampling;
import dev.limbic.v1.Token;
import dev.limbic.v1.TokenLogProb;
import dev.limbic.v1.Usage;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages of dialogue.proto to words of the domain and back. */
final class DialogueCodec {
    private DialogueCodec() {}

    /**
     * Reads a request, all but how the reply shall sound.
     *
     * @param deadline of the call, if any
     * @throws LimbicException.Invalid if it makes no sense
     */
    static ReplyRequest request(GenerateRequest request, @Nullable Deadline deadline) {
        CommonCodec.name("request_id", request.getRequestId());
        return new ReplyRequest(
                CommonCodec.name("model", request.getModel()),
                input(request),
                null,
                sampling(request.getSampling()),
                CommonCodec.priority(request.getPriority(), request.getPriorityValue()),
                CommonCodec.timeout(request.getTimeoutMillis(), deadline));
    }

    /** @throws LimbicException.Invalid if it makes no sense */
    static Steering steering(dev.limbic.v1.Steering steering) {
        return switch (steering.getHowCase()) {
            case TARGET -> new Steering.Target(cue(steering.getTarget()));
            case FOLLOW_SPEAKER ->
                new Steering.FollowSpeaker(CommonCodec.name(
                        "emotion_model", steering.getFollowSpeaker().getEmotionModel()));
            case HOW_NOT_SET -> new Steering.Free();
        };
    }

    private static ReplyRequest.Input input(GenerateRequest request) {
        return switch (request.getInputCase()) {
            case CONVERSATION -> {
                List<Turn> turns = new ArrayList<>();
                for (ChatMessage message : request.getConversation().getMessagesList()) {
                    turns.add(turn(message));
                }
                yield new ReplyRequest.Talk(turns, false);
            }
            case PROMPT -> new ReplyRequest.Prompt(request.getPrompt());
            case INPUT_NOT_SET -> throw new LimbicException.Invalid("no input; set conversation or prompt");
        };
    }

    private static Turn turn(ChatMessage message) {
        Turn.Role role = switch (message.getRole()) {
            case ROLE_SYSTEM -> Turn.Role.SYSTEM;
            case ROLE_USER -> Turn.Role.USER;
            case ROLE_ASSISTANT -> Turn.Role.ASSISTANT;
            case ROLE_UNSPECIFIED -> throw new LimbicException.Invalid("a message has no role");
            case UNRECOGNIZED ->
                throw new LimbicException.Invalid("role %d is unknown".formatted(message.getRoleValue()));
        };
        return new Turn(role, message.getText(), AffectCodec.emotion(message.getEmotion(), message.getEmotionValue()));
    }

    /** @throws LimbicException.Invalid if it makes no sense */
    static Cue cue(EmotionTarget target) {
        CanonicalEmotion emotion = AffectCodec.emotion(target.getEmotion(), target.getEmotionValue());
        if (emotion == null) {
            throw new LimbicException.Invalid("the target has no emotion");
        }
        return new Cue(
                emotion,
                target.hasIntensity() ? target.getIntensity() : 1,
                CommonCodec.name("target.style", target.getStyle()));
    }

    /** @throws LimbicException.Invalid if it makes no sense */
    static SamplingWish sampling(Sampling sampling) {
        if (sampling.getMinNewTokens() < 0) {
            throw new LimbicException.Invalid("min_new_tokens must be 0 or more, found " + sampling.getMinNewTokens());
        }
        return new SamplingWish(
                sampling.hasTemperature() ? sampling.getTemperature() : null,
                sampling.hasTopK() ? sampling.getTopK() : null,
                sampling.hasTopP() ? sampling.getTopP() : null,
                sampling.hasMinP() ? sampling.getMinP() : null,
                sampling.hasRepetitionPenalty() ? sampling.getRepetitionPenalty() : null,
                sampling.getPresencePenalty(),
                sampling.getFrequencyPenalty(),
                sampling.getLogitBiasMap(),
                sampling.getBannedWordsList(),
                sampling.getStopStringsList(),
                sampling.getStopIdsList(),
                sampling.getMinNewTokens(),
                sampling.getMaxNewTokens(),
                sampling.hasSeed() ? sampling.getSeed() : null,
                sampling.getTopLogProbs());
    }

    static ReplyStarted.Builder started(String model, String strategy, @Nullable Cue cue) {
        ReplyStarted.Builder started =
                ReplyStarted.newBuilder().setModel(model).setStrategy(strategy).setTemplate(model.isEmpty());
        if (cue != null && cue.intensity() > 0) {
            started.setTarget(EmotionTarget.newBuilder()
                    .setEmotion(AffectCodec.emotion(cue.emotion()))
                    .setIntensity(cue.intensity())
                    .setStyle(cue.style()));
        }
        return started;
    }

    static Token token(GeneratedToken token) {
        Token.Builder message =
                Token.newBuilder().setId(token.id()).setTextDelta(token.text()).setLogProb(token.logProbability());
        for (GeneratedToken.Alternative each : token.alternatives()) {
            message.addTop(TokenLogProb.newBuilder().setId(each.id()).setLogProb(each.logProbability()));
        }
        return message.build();
    }

    static ReplyFinished finished(Finish finish, long firstTokenNanos, long totalNanos) {
        return ReplyFinished.newBuilder()
                .setReason(reason(finish))
                .setTextDelta(finish.text())
                .setUsage(Usage.newBuilder()
                        .setPromptTokens(finish.usage().promptTokens())
                        .setCachedTokens(finish.usage().cachedTokens())
                        .setCompletionTokens(finish.usage().newTokens())
                        .setPreemptions(finish.usage().preemptions())
                        .setFirstTokenMicros(firstTokenNanos / 1000)
                        .setTotalMicros(totalNanos / 1000))
                .build();
    }

    private static FinishReason reason(Finish finish) {
        return switch (finish.reason()) {
            case STOP -> FinishReason.FINISH_REASON_STOP;
            case STOP_STRING -> FinishReason.FINISH_REASON_STOP_STRING;
            case LENGTH -> FinishReason.FINISH_REASON_LENGTH;
            case CANCELLED -> FinishReason.FINISH_REASON_INTERRUPTED;
            case DEADLINE -> FinishReason.FINISH_REASON_DEADLINE;
            case FAILED -> throw new IllegalArgumentException("a failed reply is told as an error");
        };
    }
}
