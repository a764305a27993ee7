package dev.limbic.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.AnalyzeStreamResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs the examples against a started server. */
class ExamplesTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private TestServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        server = new TestServer();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() {
        server.model.stopHolding();
        channel.shutdownNow();
        server.close();
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theUnaryExamplePrintsTwoAnswers() {
        UnaryExample.run("127.0.0.1", server.port(), out);
        Expected.unary(printed());
    }

    @Test
    void theStreamingExamplePrintsAnAnswerPerLineInOrder() throws InterruptedException {
        StreamingExample.run("127.0.0.1", server.port(), out);
        Expected.stream(printed());
    }

    @Test
    void theInteractExampleHoldsAStreamWithLogitsAndTokens() throws InterruptedException {
        InteractExample.run("127.0.0.1", server.port(), out);
        Expected.conversation(printed());
    }

    @Test
    void aPassedDeadlineIsAnEmptyAnswer() throws InterruptedException {
        UnaryExample example = new UnaryExample(channel);
        assertThat(example.analyze("hello", Duration.ofSeconds(20))).isPresent();
        server.model.holdBatches();
        assertThat(example.analyze("hello", Duration.ofMillis(20))).isEmpty();
    }

    @Test
    void aStreamKeepsToItsBound() throws InterruptedException {
        List<AnalyzeStreamResponse> answers = new CopyOnWriteArrayList<>();
        server.model.holdBatches();
        Thread holder = Thread.ofPlatform().start(() -> new UnaryExample(channel).analyze("holds the device"));
        server.model.awaitHeldBatch();
        try (StreamingExample stream = new StreamingExample(channel, 2, Duration.ZERO, answers::add)) {
            stream.say("late");
            stream.say("late, too");
            Thread third = Thread.ofPlatform().start(() -> {
                try {
                    stream.say("third");
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            while (third.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            assertThat(answers.size()).isZero();
            server.model.stopHolding();
            third.join();
        }
        holder.join();
        assertThat(answers.stream().map(AnalyzeStreamResponse::getRequestId))
                .containsExactly("line-0", "line-1", "line-2");
    }
}
