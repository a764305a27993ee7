package dev.limbic.server.wire;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.model.Kinds;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.dialogue.SingleReply;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.ReplyStarted;
import io.grpc.Deadline;
import org.jspecify.annotations.Nullable;

/** A reply that is written. */
record GenerateExchange(Dialogues dialogues) implements Exchange<GenerateRequest, Responder.OfMany<GenerateResponse>> {
    @Override
    public long cost(GenerateRequest request) {
        return Cost.of(request);
    }

    @Override
    public Target target(GenerateRequest request) {
        return Target.of(Kinds.LANGUAGE, request.getModel());
    }

    @Override
    public Pending begin(
            GenerateRequest request, @Nullable Deadline deadline, Responder.OfMany<GenerateResponse> responder) {
        return SingleReply.begin(
                dialogues,
                DialogueCodec.request(request, deadline),
                DialogueCodec.steering(request.getSteering()),
                new Reply(request.getRequestId(), responder));
    }

    /** Tells how a reply goes; it tells one thing at a time. */
    private static final class Reply implements SingleReply.Audience {
        private final String requestId;
        private final Responder.OfMany<GenerateResponse> responder;
        private @Nullable Answer<Emotions> heard;

        Reply(String requestId, Responder.OfMany<GenerateResponse> responder) {
            this.requestId = requestId;
            this.responder = responder;
        }

        @Override
        public void heard(Answer<Emotions> answer) {
            responder.charge(answer.tokens());
            heard = answer;
        }

        @Override
        public void started(String model, String strategy, @Nullable Cue cue) {
            ReplyStarted.Builder started = DialogueCodec.started(model, strategy, cue);
            if (heard != null) {
                started.setAnalysis(AffectCodec.analysis(heard));
            }
            responder.next(response().setStarted(started).build());
        }

        @Override
        public void token(GeneratedToken token) {
            responder.charge(1);
            responder.next(response().setToken(DialogueCodec.token(token)).build());
        }

        @Override
        public void finished(Finish finish, long firstTokenNanos, long totalNanos) {
            responder.charge(finish.usage().promptTokens());
            LimbicException failure = finish.failure();
            if (failure != null) {
                responder.failed(failure);
                return;
            }
            responder.last(response()
                    .setFinished(DialogueCodec.finished(finish, firstTokenNanos, totalNanos))
                    .build());
        }

        @Override
        public void failed(LimbicException failure) {
            responder.failed(failure);
        }

        private GenerateResponse.Builder response() {
            return GenerateResponse.newBuilder().setRequestId(requestId);
        }
    }
}
