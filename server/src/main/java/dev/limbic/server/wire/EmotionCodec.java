package dev.limbic.server.wire;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Request;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.Error;
import io.grpc.Deadline;
import org.jspecify.annotations.Nullable;

/** Messages of emotion.proto to words of the domain and back. */
final class EmotionCodec {
    private EmotionCodec() {}

    /**
     * Reads a request.
     *
     * @param deadline of the call, if any
     * @throws LimbicException.Invalid if it makes no sense
     * @throws LimbicException.Unsupported if nothing here reads such an input
     */
    static Request<Text> request(AnalyzeRequest request, @Nullable Deadline deadline) {
        CommonCodec.name("request_id", request.getRequestId());
        return switch (request.getInputCase()) {
            case TEXT ->
                new Request<>(
                        CommonCodec.name("model", request.getModel()),
                        new Text(request.getText()),
                        CommonCodec.priority(request.getPriority(), request.getPriorityValue()),
                        CommonCodec.timeout(request.getTimeoutMillis(), deadline));
            case IMAGE -> throw new LimbicException.Unsupported("input image");
            case INPUT_NOT_SET ->
                throw new LimbicException.Invalid("no input; set text (or this server is older than the client)");
        };
    }

    static AnalyzeResponse response(AnalyzeRequest request, Answer<Emotions> answer) {
        return AnalyzeResponse.newBuilder()
                .setRequestId(CommonCodec.echo(request.getRequestId()))
                .setClientTimeMicros(request.getClientTimeMicros())
                .setAnalysis(AffectCodec.analysis(answer))
                .build();
    }

    static AnalyzeStreamResponse inStream(String requestId, long clientTimeMicros, Answer<Emotions> answer) {
        return inStream(requestId, clientTimeMicros)
                .setAnalysis(AffectCodec.analysis(answer))
                .build();
    }

    static AnalyzeStreamResponse inStream(String requestId, long clientTimeMicros, Error error) {
        return inStream(requestId, clientTimeMicros).setError(error).build();
    }

    private static AnalyzeStreamResponse.Builder inStream(String requestId, long clientTimeMicros) {
        return AnalyzeStreamResponse.newBuilder().setRequestId(requestId).setClientTimeMicros(clientTimeMicros);
    }
}
