package dev.limbic.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.Host;
import dev.limbic.server.LimbicServer;
import dev.limbic.server.TestConfig;
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
    private final FakeTextModel model = new FakeTextModel("fake");
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private LimbicServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        server = LimbicServer.start(
                TestConfig.of(List.of("fake"), List.of("speaker")),
                List.of(Host.of(List.of(model), List.of(new FakeLanguageModel("speaker")))));
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() {
        model.stopHolding();
        channel.shutdownNow();
        server.close();
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theUnaryExamplePrintsTwoAnswers() {
        UnaryExample.run("127.0.0.1", server.grpcPort(), out);
        assertThat(printed().lines()).hasSize(2);
        assertThat(printed()).contains("CANONICAL_EMOTION_").contains("7 tokens");
    }

    @Test
    void theStreamingExamplePrintsAnAnswerPerLineInOrder() throws InterruptedException {
        StreamingExample.run("127.0.0.1", server.grpcPort(), out);
        List<String> lines = printed().lines().toList();
        assertThat(lines).hasSize(6);
        for (int i = 0; i < 6; i++) {
            assertThat(lines.get(i)).startsWith("line-" + i);
        }
        assertThat(lines.get(3)).contains("failed").contains("code 3");
        assertThat(lines.get(4)).contains("µs");
    }

    @Test
    void theConverseExampleHoldsAStreamWithLogitsAndTokens() throws InterruptedException {
        ConverseExample.run("127.0.0.1", server.grpcPort(), out);
        List<String> lines = printed().lines().toList();
        for (int i = 1; i <= 3; i++) {
            String id = "utterance-" + i + " ";
            assertThat(lines.stream().filter(line -> line.startsWith(id) && line.contains("CANONICAL_EMOTION_")))
                    .as("what was heard in %s, and perhaps how it is answered", id)
                    .isNotEmpty();
            assertThat(lines).anyMatch(line -> line.startsWith(id + "will be answered by speaker (mirror"));
            assertThat(lines).anyMatch(line -> line.startsWith(id + "FINISH_REASON_STOP, 16 tokens"));
        }
        assertThat(lines.stream().filter("klmnopqrstuvwxyz"::equals)).hasSizeBetween(2, 3);
        assertThat(printed().replaceAll("\\R(utterance-3 CANON[^\\n]*\\R)?", ""))
                .contains("klmnopqrstuvwxyz");
    }

    @Test
    void aPassedDeadlineIsAnEmptyAnswer() throws InterruptedException {
        UnaryExample example = new UnaryExample(channel);
        assertThat(example.analyze("hello", Duration.ofSeconds(20))).isPresent();
        model.holdBatches();
        assertThat(example.analyze("hello", Duration.ofMillis(20))).isEmpty();
    }

    @Test
    void aStreamKeepsToItsBound() throws InterruptedException {
        List<AnalyzeStreamResponse> answers = new CopyOnWriteArrayList<>();
        model.holdBatches();
        Thread holder = Thread.ofPlatform().start(() -> new UnaryExample(channel).analyze("holds the device"));
        model.awaitHeldBatch();
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
            model.stopHolding();
            third.join();
        }
        holder.join();
        assertThat(answers.stream().map(AnalyzeStreamResponse::getRequestId))
                .containsExactly("line-0", "line-1", "line-2");
    }
}
