package dev.limbic.server.wire;

import static dev.limbic.server.wire.AnalyzeTest.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.Utterance;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What all calls hold together is bounded, whatever they hold it for. The fixture sees that nothing is left of it. */
class BudgetTest {
    private static final int BUDGET = 512 << 10;
    private static final int CALLS = 80;
    private static final String ANALYZE = "limbic.v1.EmotionService/Analyze";
    private static final String PROBE = "p".repeat(1000);

    private WireFixture fixture;

    @BeforeEach
    void start() throws IOException {
        fixture = new WireFixture(1000, BUDGET, true);
        fixture.first.keepNothing();
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private static void awaitTrue(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 4000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(5);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    private void assertFull() {
        StatusRuntimeException refused = catchThrowableOfType(
                StatusRuntimeException.class, () -> fixture.blocking().analyze(text(PROBE)));
        assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(refused.getStatus().getDescription()).contains("limits.max-bytes-in-flight", "524288 bytes");
        assertThat(Objects.requireNonNull(StatusProto.fromThrowable(refused)).getDetailsCount())
                .as("says when to retry")
                .isEqualTo(1);
    }

    private void assertFree() throws InterruptedException {
        awaitTrue(() -> fixture.server.bytesInFlight() == 0);
        assertThat(fixture.blocking().analyze(text(PROBE)).hasAnalysis()).isTrue();
    }

    @Test
    void messagesOfCallsThatNeverEnd() throws Exception {
        try (RawHttp2 client = new RawHttp2(fixture.server.port())) {
            for (int i = 0; i < CALLS; i++) {
                client.call(2 * i + 1, ANALYZE);
                client.send(
                        RawHttp2.DATA,
                        0,
                        2 * i + 1,
                        RawHttp2.message(text(PROBE).toByteArray()));
            }
            assertThat(client.end().type()).isEqualTo(RawHttp2.PING); // all of it has been read
            assertThat(fixture.server.bytesInFlight()).isBetween(BUDGET * 9L / 10, (long) BUDGET);
            assertFull();
            awaitTrue(() -> fixture.server.bytesInFlight() <= BUDGET);
        }
        assertFree();
    }

    @Test
    void messagesThatLackTheirEnd() throws Exception {
        byte[] most = ByteBuffer.allocate(7000).put((byte) 0).putInt(8000).array();
        try (RawHttp2 client = new RawHttp2(fixture.server.port())) {
            for (int i = 0; i < CALLS; i++) {
                client.call(2 * i + 1, ANALYZE);
            }
            for (int i = 0; i < CALLS; i++) {
                client.send(RawHttp2.DATA, 0, 2 * i + 1, most);
            }
            client.flush();
            RawHttp2.Frame reset = client.next(RawHttp2.RST_STREAM, RawHttp2.GOAWAY);
            assertThat(reset.type()).isEqualTo(RawHttp2.RST_STREAM);
            assertThat(ByteBuffer.wrap(reset.payload()).getInt()).isEqualTo(RawHttp2.ENHANCE_YOUR_CALM);
            assertThat(client.end().type()).isEqualTo(RawHttp2.PING);
            assertThat(fixture.server.bytesInFlight()).isBetween(BUDGET / 2L, BUDGET * 5L / 4 + 2L * most.length);
        }
        assertFree();
    }

    /** Each byte is a frame, which gRPC keeps as an object of its own. */
    @Test
    void messagesInSmallPieces() throws Exception {
        try (RawHttp2 client = new RawHttp2(fixture.server.port())) {
            client.call(1, ANALYZE);
            client.send(RawHttp2.DATA, 0, 1, new byte[] {0, 0, 0, 0x1f, 0x40});
            for (int i = 0; i < 500; i++) {
                client.send(RawHttp2.DATA, 0, 1, new byte[] {0});
            }
            assertThat(client.end().type()).isEqualTo(RawHttp2.PING);
            assertThat(fixture.server.bytesInFlight()).isGreaterThan(500 * 128);
        }
        assertFree();
    }

    /** Reads nothing, over a connection that takes next to nothing. */
    private static final class Deaf implements ClientResponseObserver<GenerateRequest, GenerateResponse> {
        @Override
        public void beforeStart(ClientCallStreamObserver<GenerateRequest> call) {
            call.disableAutoRequestWithInitial(0);
        }

        @Override
        public void onNext(GenerateResponse response) {}

        @Override
        public void onError(Throwable thrown) {}

        @Override
        public void onCompleted() {}
    }

    @Test
    void repliesThatNobodyReads() throws Exception {
        fixture.language.neverEnd();
        ManagedChannel narrow = NettyChannelBuilder.forAddress("127.0.0.1", fixture.server.port())
                .usePlaintext()
                .flowControlWindow(1024)
                .build();
        GenerateRequest.Builder request = GenerateRequest.newBuilder()
                .setRequestId("r".repeat(256)) // comes back with each token
                .setPrompt("a");
        request.getSamplingBuilder().setMaxNewTokens(200);
        try {
            for (int i = 0; i < 6; i++) {
                DialogueServiceGrpc.newStub(narrow).generate(request.build(), new Deaf());
            }
            awaitTrue(
                    () -> fixture.answered("Generate speaker RESOURCE_EXHAUSTED") > 0 && !fixture.scheduler.hasWork());
            assertThat(fixture.server.bytesInFlight()).isLessThanOrEqualTo(BUDGET);
            assertThat(fixture.scheduler.blocksInUse()).isZero();
        } finally {
            narrow.shutdownNow();
        }
        assertFree();
    }

    @Test
    void whatConversationsRemember() throws Exception {
        InteractClient client = new InteractClient(true);
        fixture.interaction().interact(client);
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setSetup(InteractSetup.newBuilder().setPersona("p".repeat(1000)))
                        .build());
        Utterance.Builder said =
                Utterance.newBuilder().setText("u".repeat(1000)).setNoReply(true);
        long before = 0;
        for (int i = 0; i < 20; i++) {
            client.call().onNext(InteractRequest.newBuilder().setUtterance(said).build());
            assertThat(client.next().hasAnalysis()).isTrue();
            before = i == 0 ? fixture.server.bytesInFlight() : before;
        }
        long first = before;
        // Six turns are remembered, of a thousand chars each.
        awaitTrue(() -> fixture.server.bytesInFlight() > first + 4 * 2000);
        assertThat(fixture.server.bytesInFlight()).isLessThan(first + 8 * 2500);
        client.call().onCompleted();
        assertThat(client.next()).isEqualTo(InteractClient.END);
        assertFree();
    }
}
