package dev.limbic.server.wire;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.Kinds;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.FaceReader;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.server.pipeline.Pipeline;
import dev.limbic.server.pipeline.Receiver;
import dev.limbic.v1.AnalyzeRequest;
import io.grpc.Deadline;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One input that is read.
 *
 * @param answers of a request, makes answers of what was read
 * @param <R> the answer
 */
record AnalyzeExchange<R>(
        Pipeline pipeline, FaceReader faces, Function<AnalyzeRequest, EmotionCodec.Answers<R>> answers)
        implements Exchange<AnalyzeRequest, Responder<R>> {
    @Override
    public long cost(AnalyzeRequest request) {
        return Cost.of(request);
    }

    @Override
    public Target target(AnalyzeRequest request) {
        return request.hasImage() ? Target.faces(request.getModel()) : Target.of(Kinds.TEXT, request.getModel());
    }

    @Override
    public Pending begin(AnalyzeRequest request, @Nullable Deadline deadline, Responder<R> responder) {
        CommonCodec.name("request_id", request.getRequestId());
        Reading<R> reading = new Reading<>(answers.apply(request), responder);
        return switch (request.getInputCase()) {
            case TEXT -> pipeline.submit(Kinds.TEXT, EmotionCodec.text(request, deadline), reading);
            case IMAGE -> faces.read(EmotionCodec.image(request, deadline), reading);
            case INPUT_NOT_SET ->
                throw new LimbicException.Invalid(
                        "no input; set text or image (or this server is older than the client)");
        };
    }

    /** Hears what was read, whatever it was read in. */
    private record Reading<R>(EmotionCodec.Answers<R> answers, Responder<R> responder)
            implements Receiver<Emotions>, FaceReading.Receiver {
        @Override
        public void answered(Answer<Emotions> answer) {
            responder.charge(answer.tokens());
            responder.last(answers.text(answer));
        }

        @Override
        public void read(FaceReading reading) {
            responder.charge(reading.tokens());
            responder.last(answers.picture(reading));
        }

        @Override
        public void failed(LimbicException failure) {
            responder.failed(failure);
        }
    }
}
