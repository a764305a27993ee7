package dev.limbic.server.wire;

import static dev.limbic.server.wire.AnalyzeTest.text;
import static dev.limbic.server.wire.InteractClient.END;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.Utterance;
import io.grpc.Codec;
import io.grpc.CompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages that unpack to too much, and messages that are not what their encoding says. */
class CompressionTest {
    /** Of 100 KB in some hundred bytes; 8 KiB are allowed. */
    private static final AnalyzeRequest BOMB = text("x".repeat(100_000));

    /** Calls itself gzip and is not. */
    private static final class Liar implements io.grpc.Codec {
        @Override
        public String getMessageEncoding() {
            return "gzip";
        }

        @Override
        public OutputStream compress(OutputStream plain) {
            return plain;
        }

        @Override
        public java.io.InputStream decompress(java.io.InputStream compressed) {
            return compressed;
        }
    }

    private WireFixture fixture;
    private ManagedChannel lying;
    private final List<LogRecord> errors = new CopyOnWriteArrayList<>();
    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord event) {
            if (event.getLevel().intValue() >= Level.SEVERE.intValue()) {
                errors.add(event);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void start() throws IOException {
        fixture = new WireFixture();
        CompressorRegistry liars = CompressorRegistry.newEmptyInstance();
        liars.register(Codec.Identity.NONE);
        liars.register(new Liar());
        lying = NettyChannelBuilder.forAddress("127.0.0.1", fixture.server.port())
                .usePlaintext()
                .compressorRegistry(liars)
                .build();
        Logger.getLogger("").addHandler(listener);
    }

    @AfterEach
    void stop() {
        lying.shutdownNow();
        fixture.close();
        Logger.getLogger("").removeHandler(listener);
        assertThat(errors).as("what strangers send is no error of ours").isEmpty();
    }

    private static Status.Code code(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(StatusRuntimeException.class, call)
                .getStatus()
                .getCode();
    }

    @Test
    void whatIsCompressedWellIsRead() {
        assertThat(fixture.blocking()
                        .withCompression("gzip")
                        .analyze(text("hello"))
                        .hasAnalysis())
                .isTrue();
    }

    @Test
    void aBombIsTooLarge() {
        assertThat(code(() -> fixture.blocking().withCompression("gzip").analyze(BOMB)))
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(code(() -> HealthGrpc.newBlockingStub(fixture.channel)
                        .withCompression("gzip")
                        .check(HealthCheckRequest.newBuilder()
                                .setService("x".repeat(100_000))
                                .build())))
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void aBombOnAStreamIsItsErrorAndTheStreamLivesOn() throws InterruptedException {
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests =
                fixture.async().withCompression("gzip").analyzeStream(collected);
        requests.onNext(BOMB);
        requests.onNext(text("fine"));
        assertThat(collected.next().getError().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED.value());
        assertThat(collected.next().hasAnalysis()).isTrue();
        requests.onCompleted();
        assertThat(collected.awaitEnd()).isEqualTo(Status.OK);
    }

    @Test
    void whatIsNoGzipIsInvalid() {
        assertThat(code(() -> EmotionServiceGrpc.newBlockingStub(lying)
                        .withCompression("gzip")
                        .analyze(text("hello"))))
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(code(() -> HealthGrpc.newBlockingStub(lying)
                        .withCompression("gzip")
                        .check(HealthCheckRequest.newBuilder().setService("x").build())))
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void garbageIsRefusedWithoutALogLine() throws IOException {
        try (RawHttp2 client = new RawHttp2(fixture.server.port())) {
            int stream = -1;
            for (String method : List.of(
                    "limbic.v1.ModelService/ListModels",
                    "limbic.v1.EmotionService/Analyze",
                    "limbic.v1.DialogueService/Generate",
                    "grpc.health.v1.Health/Check",
                    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo")) {
                stream += 2;
                client.call(stream, method);
                client.send(RawHttp2.DATA, RawHttp2.END_STREAM, stream, RawHttp2.message(new byte[] {7}));
                client.flush();
                RawHttp2.Frame end = client.next(RawHttp2.HEADERS, RawHttp2.RST_STREAM);
                assertThat(end.type()).as(method).isEqualTo(RawHttp2.HEADERS);
                assertThat(end.flags() & RawHttp2.END_STREAM).as(method).isEqualTo(RawHttp2.END_STREAM);
            }
        }
    }

    @Test
    void whatIsNoGzipOnAStreamIsItsErrorAndTheStreamLivesOn() throws InterruptedException {
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests =
                EmotionServiceGrpc.newStub(lying).withCompression("gzip").analyzeStream(collected);
        for (int i = 0; i < 2; i++) {
            requests.onNext(text("hello"));
            assertThat(collected.next().getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        }
        requests.onCompleted();
        assertThat(collected.awaitEnd()).isEqualTo(Status.OK);
    }

    @Test
    void aConversationLivesOnToo() throws InterruptedException {
        InteractClient client = new InteractClient(true);
        InteractionServiceGrpc.newStub(fixture.channel).withCompression("gzip").interact(client);
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setSetup(InteractSetup.getDefaultInstance())
                        .build());
        client.call().onNext(utterance("x".repeat(100_000)));
        assertThat(client.next().getError().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED.value());
        client.call().onNext(utterance("a"));
        assertThat(client.next().hasAnalysis()).isTrue();
        client.call().onCompleted();
        while (!client.next().equals(END)) {
            assertThat(errors).isEmpty();
        }
        assertThat(client.status()).isEqualTo(Status.OK);
    }

    private static InteractRequest utterance(String text) {
        return InteractRequest.newBuilder()
                .setEventId("1")
                .setUtterance(Utterance.newBuilder().setText(text))
                .build();
    }
}
