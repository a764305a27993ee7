package dev.limbic.server.wire;

import static dev.limbic.server.wire.AnalyzeTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.limbic.server.FakeTextModel;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AnalyzeStreamTest {
    private WireFixture fixture;

    @BeforeEach
    void start() throws IOException {
        fixture = new WireFixture();
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    @Test
    void answersEachRequestInOrderWithEchoes() throws InterruptedException {
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests = fixture.async().analyzeStream(collected);
        for (int i = 0; i < 100; i++) {
            requests.onNext(AnalyzeRequest.newBuilder()
                    .setRequestId("r" + i)
                    .setClientTimeMicros(i)
                    .setModel(i % 3 == 0 ? "second" : "first")
                    .setText("word".repeat(1 + i % 3))
                    .build());
        }
        requests.onCompleted();
        for (int i = 0; i < 100; i++) {
            AnalyzeStreamResponse response = collected.next();
            assertThat(response.getRequestId()).isEqualTo("r" + i);
            assertThat(response.getClientTimeMicros()).isEqualTo(i);
            assertThat(response.getAnalysis().getLogits(0)).isEqualTo(4f * (1 + i % 3));
        }
        assertThat(collected.awaitEnd()).isEqualTo(Status.OK);
    }

    @Test
    void aSlowModelDoesNotLetALaterAnswerOvertake() throws InterruptedException {
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests = fixture.async().analyzeStream(collected);
        fixture.first.holdBatches();
        requests.onNext(text("held"));
        fixture.first.awaitHeldBatch();
        requests.onNext(AnalyzeRequest.newBuilder().setRequestId("bad").build());
        awaitAnswered("AnalyzeStream first INVALID_ARGUMENT", 1);
        assertThat(collected.waiting()).isZero();
        fixture.first.stopHolding();
        assertThat(collected.next().hasAnalysis()).isTrue();
        assertThat(collected.next().getRequestId()).isEqualTo("bad");
        requests.onCompleted();
        collected.awaitEnd();
    }

    @Test
    void aBadMessageGetsAnErrorAndTheStreamLivesOn() throws InterruptedException {
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests = fixture.async().analyzeStream(collected);
        requests.onNext(AnalyzeRequest.newBuilder().setRequestId("empty").build());
        requests.onNext(text("hi").toBuilder().setModel("nobody").build());
        // To the other model: what shares a batch with a defect fails with it.
        requests.onNext(text(FakeTextModel.FAIL).toBuilder().setModel("second").build());
        requests.onNext(text(FakeTextModel.UNENCODABLE));
        requests.onNext(text("x".repeat(1025)));
        requests.onNext(text("fine"));
        AnalyzeStreamResponse empty = collected.next();
        assertThat(empty.getRequestId()).isEqualTo("empty");
        assertThat(empty.getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        assertThat(collected.next().getError().getCode()).isEqualTo(Status.Code.NOT_FOUND.value());
        AnalyzeStreamResponse failed = collected.next();
        assertThat(failed.getError().getCode()).isEqualTo(Status.Code.INTERNAL.value());
        assertThat(failed.getError().getMessage()).doesNotContain("broke");
        AnalyzeStreamResponse unencodable = collected.next();
        assertThat(unencodable.getError().getCode()).isEqualTo(Status.Code.INTERNAL.value());
        assertThat(unencodable.getError().getMessage()).doesNotContain(FakeTextModel.UNENCODABLE);
        assertThat(collected.next().getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        assertThat(collected.next().getAnalysis().getModel()).isEqualTo("first");
        requests.onCompleted();
        assertThat(collected.awaitEnd()).isEqualTo(Status.OK);
    }

    @Test
    void bytesThatAreNoMessageGetAnErrorAndTheStreamLivesOn() throws InterruptedException {
        BlockingQueue<AnalyzeStreamResponse> responses = new ArrayBlockingQueue<>(2);
        ClientCall<ByteString, AnalyzeStreamResponse> call = fixture.channel.newCall(rawStream(), CallOptions.DEFAULT);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(AnalyzeStreamResponse message) {
                        responses.add(message);
                    }
                },
                new Metadata());
        call.request(2);
        // Field 8 (text) of three bytes that are not UTF-8.
        call.sendMessage(ByteString.copyFrom(new byte[] {0x42, 3, (byte) 0xff, (byte) 0xfe, (byte) 0xfd}));
        call.sendMessage(text("fine").toByteString());
        AnalyzeStreamResponse bad = responses.poll(20, TimeUnit.SECONDS);
        AnalyzeStreamResponse fine = responses.poll(20, TimeUnit.SECONDS);
        call.cancel("done", null);
        assertThat(bad).isNotNull();
        assertThat(bad.getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        assertThat(fine).isNotNull();
        assertThat(fine.hasAnalysis()).isTrue();
    }

    @Test
    void aFullQueueIsToldInsideTheStreamWithATimeToRetry() throws InterruptedException {
        fixture.first.holdBatches();
        fixture.async().analyze(text("holds the device"), new Ignored());
        fixture.first.awaitHeldBatch();
        for (int i = 0; i < WireFixture.QUEUE; i++) {
            fixture.async().analyze(text("waits"), new Ignored());
        }
        awaitDepth(WireFixture.QUEUE);
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests = fixture.async().analyzeStream(collected);
        requests.onNext(text("one too many"));
        AnalyzeStreamResponse refused = collected.next();
        assertThat(refused.getError().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED.value());
        assertThat(refused.getError().getRetryAfterMillis()).isPositive();
        requests.onNext(text("hi").toBuilder().setModel("second").build());
        fixture.first.stopHolding();
        assertThat(collected.next().getAnalysis().getModel()).isEqualTo("second");
        requests.onCompleted();
        collected.awaitEnd();
    }

    @Test
    void aClientThatDoesNotReadStopsBeingRead() throws InterruptedException {
        Collected collected = new Collected(false);
        ClientCallStreamObserver<AnalyzeRequest> requests =
                (ClientCallStreamObserver<AnalyzeRequest>) fixture.async().analyzeStream(collected);
        int total = 5000;
        AnalyzeRequest request = text("hello").toBuilder()
                .setRequestId("i".repeat(256))
                .build(); // echoed: each answer is over 300 bytes
        for (int i = 0; i < total; i++) {
            requests.onNext(request);
        }
        // What is accepted settles at the window plus what gRPC's transport buffers: 64 KiB of flow control on the
        // client and 32 KiB on the server, each message over 300 bytes.
        int mostAnswered = WireFixture.WINDOW + (2 * 65_536 + 32_768) / 300;
        long settled = fixture.awaitSettled(() -> fixture.answered("AnalyzeStream first OK"));
        assertThat(settled).isPositive().isLessThan(mostAnswered);
        assertThat(requests.isReady()).isFalse();
        collected.read(total);
        for (int i = 0; i < total; i++) {
            assertThat(collected.next().hasAnalysis()).isTrue();
        }
        requests.onCompleted();
        assertThat(collected.awaitEnd()).isEqualTo(Status.OK);
    }

    @Test
    void aClientThatLeavesFreesWhatItHeld() throws InterruptedException {
        fixture.first.holdBatches();
        fixture.async().analyze(text("holds the device"), new Ignored());
        fixture.first.awaitHeldBatch();
        Collected collected = new Collected(true);
        ClientCallStreamObserver<AnalyzeRequest> requests =
                (ClientCallStreamObserver<AnalyzeRequest>) fixture.async().analyzeStream(collected);
        for (int i = 0; i < 10; i++) {
            requests.onNext(text("waits"));
        }
        awaitDepth(WireFixture.WINDOW);
        assertThat(fixture.openStreams).hasValue(1);
        requests.cancel("gone", null);
        awaitDepth(0);
        fixture.first.stopHolding();
        assertThat(fixture.blocking().analyze(text("next")).hasAnalysis()).isTrue();
        assertThat(fixture.cancelled).hasValue(WireFixture.WINDOW);
        assertThat(fixture.first.batches()).hasSize(2);
        while (fixture.openStreams.get() > 0) {
            Thread.onSpinWait();
        }
    }

    private void awaitDepth(int depth) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (fixture.batcher.depth() != depth) {
            assertThat(System.nanoTime()).as("waiting for a queue of " + depth).isLessThan(end);
            Thread.sleep(1);
        }
    }

    private void awaitAnswered(String key, int count) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (fixture.answered(key) != count) {
            assertThat(System.nanoTime()).as(key).isLessThan(end);
            Thread.sleep(1);
        }
    }

    private static MethodDescriptor<ByteString, AnalyzeStreamResponse> rawStream() {
        MethodDescriptor.Marshaller<ByteString> raw = new MethodDescriptor.Marshaller<>() {
            @Override
            public InputStream stream(ByteString value) {
                return value.newInput();
            }

            @Override
            public ByteString parse(InputStream stream) {
                throw new UnsupportedOperationException();
            }
        };
        MethodDescriptor<AnalyzeRequest, AnalyzeStreamResponse> method = EmotionServiceGrpc.getAnalyzeStreamMethod();
        return method.toBuilder(raw, method.getResponseMarshaller()).build();
    }
}
