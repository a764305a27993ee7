package dev.limbic.server.wire;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.FaceReading;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.pipeline.Request;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.Error;
import io.grpc.Deadline;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Messages of emotion.proto to words of the domain and back. */
final class EmotionCodec {
    private EmotionCodec() {}

    /**
     * Reads a request with a text in it.
     *
     * @param deadline of the call, if any
     * @throws LimbicException.Invalid if it makes no sense
     */
    static Request<Text> text(AnalyzeRequest request, @Nullable Deadline deadline) {
        return new Request<>(
                model(request), new Text(request.getText()), priority(request), timeout(request, deadline));
    }

    /** {@link #text} of a request with a picture in it. */
    static FaceRequest image(AnalyzeRequest request, @Nullable Deadline deadline) {
        return MediaCodec.request(model(request), request.getImage(), priority(request), timeout(request, deadline));
    }

    private static String model(AnalyzeRequest request) {
        return CommonCodec.name("model", request.getModel());
    }

    private static Priority priority(AnalyzeRequest request) {
        return CommonCodec.priority(request.getPriority(), request.getPriorityValue());
    }

    private static long timeout(AnalyzeRequest request, @Nullable Deadline deadline) {
        return CommonCodec.timeout(request.getTimeoutMillis(), deadline);
    }

    /** What one request is answered with, by its name and clock. */
    interface Answers<R> {
        /** Of a text. */
        R text(Answer<Emotions> answer);

        /** Of a picture. */
        R picture(FaceReading reading);
    }

    /** Answers of Analyze. */
    static Answers<AnalyzeResponse> alone(AnalyzeRequest request) {
        return new Alone(CommonCodec.echo(request.getRequestId()), request.getClientTimeMicros());
    }

    /** Answers of AnalyzeStream. */
    static InStream inStream(AnalyzeRequest request) {
        return new InStream(CommonCodec.echo(request.getRequestId()), request.getClientTimeMicros());
    }

    private record Alone(String requestId, long clientTimeMicros) implements Answers<AnalyzeResponse> {
        @Override
        public AnalyzeResponse text(Answer<Emotions> answer) {
            return begun().setAnalysis(AffectCodec.analysis(answer)).build();
        }

        @Override
        public AnalyzeResponse picture(FaceReading reading) {
            return begun().setFaces(MediaCodec.faces(reading)).build();
        }

        private AnalyzeResponse.Builder begun() {
            return AnalyzeResponse.newBuilder().setRequestId(requestId).setClientTimeMicros(clientTimeMicros);
        }
    }

    /** Answers of AnalyzeStream, also where a request fails. */
    record InStream(String requestId, long clientTimeMicros)
            implements Answers<AnalyzeStreamResponse>, Function<Error, AnalyzeStreamResponse> {
        @Override
        public AnalyzeStreamResponse text(Answer<Emotions> answer) {
            return begun().setAnalysis(AffectCodec.analysis(answer)).build();
        }

        @Override
        public AnalyzeStreamResponse picture(FaceReading reading) {
            return begun().setFaces(MediaCodec.faces(reading)).build();
        }

        @Override
        public AnalyzeStreamResponse apply(Error error) {
            return begun().setError(error).build();
        }

        private AnalyzeStreamResponse.Builder begun() {
            return AnalyzeStreamResponse.newBuilder().setRequestId(requestId).setClientTimeMicros(clientTimeMicros);
        }
    }
}
