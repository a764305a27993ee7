package dev.limbic.examples;

import dev.limbic.v1.Analysis;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.CanonicalWeight;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.EmotionServiceGrpc.EmotionServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One text, one answer; plain and with a deadline. */
public final class UnaryExample {
    private final EmotionServiceBlockingStub limbic;

    /**
     * Uses a channel.
     *
     * @param channel to the server; make one and keep it, it reconnects by itself and is thread-safe
     */
    public UnaryExample(ManagedChannel channel) {
        this.limbic = EmotionServiceGrpc.newBlockingStub(channel);
    }

    /** Waits for the answer as long as it takes. */
    public Analysis analyze(String text) {
        return limbic.analyze(AnalyzeRequest.newBuilder().setText(text).build()).getAnalysis();
    }

    /**
     * Waits for the answer at most this long. What is too late for a face is not worth computing: the server drops a
     * request whose deadline has passed before it uses the device.
     *
     * @return empty if the deadline passed
     * @throws StatusRuntimeException if the request failed for another reason
     */
    public Optional<Analysis> analyze(String text, Duration patience) {
        try {
            AnalyzeRequest request = AnalyzeRequest.newBuilder().setText(text).build();
            return Optional.of(limbic.withDeadlineAfter(patience.toNanos(), TimeUnit.NANOSECONDS)
                    .analyze(request)
                    .getAnalysis());
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** The answer in a line: the strongest canonical emotion, if the model has a mapping, and the affect. */
    static String describe(Analysis analysis) {
        return "%s, valence %.2f, arousal %.2f, intensity %.2f (%d tokens, waited %d µs, computed %d µs in a batch of %d)"
                .formatted(
                        strongest(analysis),
                        analysis.getAffect().getValence(),
                        analysis.getAffect().getArousal(),
                        analysis.getIntensity(),
                        analysis.getTiming().getCost(),
                        analysis.getTiming().getQueueMicros(),
                        analysis.getTiming().getComputeMicros(),
                        analysis.getTiming().getBatchRows());
    }

    /** The strongest canonical emotion, if the model has a mapping. */
    static String strongest(Analysis analysis) {
        return analysis.getCanonicalEmotionsList().stream()
                .max(Comparator.comparingDouble(CanonicalWeight::getWeight))
                .map(strongest -> strongest.getEmotion() + " " + strongest.getWeight())
                .orElse("no canonical emotion");
    }

    /** Arguments: host and port; {@code localhost 50051} if none are given. */
    public static void main(String[] arguments) {
        String host = arguments.length > 0 ? arguments[0] : "localhost";
        int port = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 50051;
        run(host, port, System.out);
    }

    static void run(String host, int port, PrintStream out) {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(host, port).usePlaintext().build();
        try {
            UnaryExample example = new UnaryExample(channel);
            out.println(describe(example.analyze("I can't believe we won!")));
            out.println(example.analyze("Watch out, behind you!", Duration.ofMillis(200))
                    .map(UnaryExample::describe)
                    .orElse("too late, the face stays as it is"));
        } finally {
            channel.shutdownNow();
        }
    }
}
