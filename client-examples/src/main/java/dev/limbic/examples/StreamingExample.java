package dev.limbic.examples;

import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.Priority;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * A stream of chat lines. Answers come in the order of the lines. At most a fixed number of lines is unanswered at a
 * time, so that neither side piles up work when the other is slow.
 */
public final class StreamingExample implements AutoCloseable {
    private final Semaphore free;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final ClientCallStreamObserver<AnalyzeRequest> requests;
    private final Duration patience;
    private long nextId;

    /**
     * Opens a stream.
     *
     * @param maxInFlight lines sent but not yet answered
     * @param patience time an answer is worth waiting for; zero for no bound
     * @param answers called with each answer, on a thread of gRPC
     */
    public StreamingExample(
            ManagedChannel channel, int maxInFlight, Duration patience, Consumer<AnalyzeStreamResponse> answers) {
        this.free = new Semaphore(maxInFlight);
        this.patience = patience;
        this.requests = (ClientCallStreamObserver<AnalyzeRequest>)
                EmotionServiceGrpc.newStub(channel).analyzeStream(new Answers(answers));
    }

    /**
     * Sends a line; waits while too many are unanswered. One thread at a time may call this.
     *
     * @throws IllegalStateException if the stream has ended
     */
    public void say(String text) throws InterruptedException {
        free.acquire();
        if (ended.isDone()) {
            free.release();
            throw new IllegalStateException("the stream has ended; open another");
        }
        requests.onNext(AnalyzeRequest.newBuilder()
                .setRequestId("line-" + nextId++)
                .setClientTimeMicros(System.nanoTime() / 1000)
                .setPriority(Priority.PRIORITY_HIGH)
                .setTimeoutMillis((int) patience.toMillis())
                .setText(text)
                .build());
    }

    /** Says that no more lines come, and waits for the last answer. */
    @Override
    public void close() {
        if (!ended.isDone()) {
            requests.onCompleted();
        }
        ended.join();
    }

    /** Receives answers and makes room for further lines. */
    private final class Answers implements ClientResponseObserver<AnalyzeRequest, AnalyzeStreamResponse> {
        private final Consumer<AnalyzeStreamResponse> receiver;

        Answers(Consumer<AnalyzeStreamResponse> receiver) {
            this.receiver = receiver;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<AnalyzeRequest> stream) {
            // gRPC asks for one answer after another by itself.
        }

        @Override
        public void onNext(AnalyzeStreamResponse answer) {
            free.release();
            receiver.accept(answer);
        }

        @Override
        public void onError(Throwable thrown) {
            ended.completeExceptionally(Status.fromThrowable(thrown).asException());
            free.release();
        }

        @Override
        public void onCompleted() {
            ended.complete(null);
            free.release();
        }
    }

    /** An answer in a line; a request that failed says why, and the stream lives on. */
    static String describe(AnalyzeStreamResponse answer) {
        long tookMicros = System.nanoTime() / 1000 - answer.getClientTimeMicros();
        return switch (answer.getOutcomeCase()) {
            case ANALYSIS ->
                "%s after %d µs: %s"
                        .formatted(answer.getRequestId(), tookMicros, UnaryExample.describe(answer.getAnalysis()));
            case ERROR ->
                "%s failed: %s (code %d)"
                        .formatted(
                                answer.getRequestId(),
                                answer.getError().getMessage(),
                                answer.getError().getCode());
            default -> answer.getRequestId() + ": this client does not know such an answer";
        };
    }

    /** Arguments: host and port; {@code localhost 50051} if none are given. */
    public static void main(String[] arguments) throws InterruptedException {
        String host = arguments.length > 0 ? arguments[0] : "localhost";
        int port = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 50051;
        run(host, port, System.out);
    }

    static void run(String host, int port, PrintStream out) throws InterruptedException {
        List<String> chat = List.of(
                "hey everyone, good to see you again",
                "did you hear that? something is moving down there",
                "run!!",
                "",
                "phew. that was close, thanks for waiting for me",
                "I miss the old village");
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(host, port).usePlaintext().build();
        try (StreamingExample stream =
                new StreamingExample(channel, 4, Duration.ofSeconds(2), answer -> out.println(describe(answer)))) {
            for (String line : chat) {
                stream.say(line);
            }
        } finally {
            channel.shutdownNow();
        }
    }
}
