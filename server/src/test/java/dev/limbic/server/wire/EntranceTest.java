package dev.limbic.server.wire;

import static dev.limbic.server.Patience.await;
import static dev.limbic.server.wire.AnalyzeTest.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.RetryInfo;
import dev.limbic.server.security.Certificates;
import dev.limbic.server.security.Heard;
import dev.limbic.server.security.Protection;
import dev.limbic.server.security.SecuritySettings;
import dev.limbic.server.security.Surface;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.ChatMessage;
import dev.limbic.v1.Conversation;
import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.Error;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.ListModelsRequest;
import dev.limbic.v1.ModelServiceGrpc;
import dev.limbic.v1.Role;
import dev.limbic.v1.Utterance;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens and quotas over the wire, on a clock of our own. */
class EntranceTest {
    private static final String ALICE = "alices-long-token";
    private static final String BOB = "bobs-even-longer-token";

    @TempDir
    private Path folder;

    private final Heard heard = new Heard();
    private final AtomicLong clock = new AtomicLong();
    private WireFixture fixture;
    private Protection protection;

    @BeforeEach
    void start() throws IOException {
        Path file = tokens("alice %s calls=4 streams=1 cost=20%nbob %s%n".formatted(ALICE, BOB));
        protection = Protection.open(
                new SecuritySettings(Map.of(), false, null, file, Set.of(Surface.HEALTH), Duration.ofMillis(10)),
                heard,
                clock::get);
        fixture = new WireFixture(64, true, protection);
    }

    private Path tokens(String lines) throws IOException {
        return Certificates.write(folder.resolve("tokens"), lines);
    }

    @AfterEach
    void stop() {
        fixture.close();
        protection.close();
    }

    /** A channel whose calls carry these values of the authorization header. */
    private Channel with(String... authorization) {
        Metadata headers = new Metadata();
        for (String value : authorization) {
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), value);
        }
        return ClientInterceptors.intercept(fixture.channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private Channel as(String token) {
        return with("Bearer " + token);
    }

    private static void analyze(Channel channel) {
        assertThat(EmotionServiceGrpc.newBlockingStub(channel)
                        .analyze(text("one two three"))
                        .hasAnalysis())
                .isTrue();
    }

    private static StatusRuntimeException refused(Status.Code code, Runnable call) {
        StatusRuntimeException thrown = catchThrowableOfType(StatusRuntimeException.class, call::run);
        assertThat(thrown).as("a refusal").isNotNull();
        assertThat(thrown.getStatus().getCode()).isEqualTo(code);
        return thrown;
    }

    private static Duration retryAfter(StatusRuntimeException thrown) throws IOException {
        RetryInfo retry = Objects.requireNonNull(StatusProto.fromThrowable(thrown))
                .getDetails(0)
                .unpack(RetryInfo.class);
        return Duration.ofSeconds(
                retry.getRetryDelay().getSeconds(), retry.getRetryDelay().getNanos());
    }

    @Test
    void onlyAKnownTokenIsLetIn() {
        analyze(as(ALICE));
        analyze(with("bearer " + BOB));
        StatusRuntimeException none = refused(Status.Code.UNAUTHENTICATED, () -> analyze(fixture.channel));
        assertThat(none.getStatus().getDescription()).isEqualTo("a token is needed: 'authorization: Bearer TOKEN'");
        assertThat(StatusProto.fromThrowable(none))
                .as("no retry helps")
                .satisfies(status -> assertThat(Objects.requireNonNull(status).getDetailsList())
                        .isEmpty());
        for (Channel wrong : new Channel[] {
            as(ALICE + "x"), with("Basic " + ALICE), with(ALICE), with("Bearer " + ALICE, "Bearer " + ALICE)
        }) {
            StatusRuntimeException thrown = refused(Status.Code.UNAUTHENTICATED, () -> analyze(wrong));
            assertThat(thrown.toString()).doesNotContain(ALICE);
        }
        assertThat(heard.refusals)
                .containsExactly(
                        " limbic.v1.EmotionService/Analyze NO_TOKEN",
                        " limbic.v1.EmotionService/Analyze UNKNOWN_TOKEN",
                        " limbic.v1.EmotionService/Analyze MALFORMED_TOKEN",
                        " limbic.v1.EmotionService/Analyze MALFORMED_TOKEN",
                        " limbic.v1.EmotionService/Analyze MALFORMED_TOKEN");
        assertThat(fixture.answered("Analyze first OK"))
                .as("refused calls get nowhere")
                .isEqualTo(2);
    }

    @Test
    void everyMethodAsks() throws Exception {
        refused(
                Status.Code.UNAUTHENTICATED,
                () -> ModelServiceGrpc.newBlockingStub(fixture.channel)
                        .listModels(ListModelsRequest.getDefaultInstance()));
        refused(
                Status.Code.UNAUTHENTICATED,
                () -> DialogueServiceGrpc.newBlockingStub(fixture.channel)
                        .generate(GenerateRequest.getDefaultInstance())
                        .next());
        Collected stream = new Collected(true);
        fixture.async().analyzeStream(stream);
        assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        InteractClient conversation = new InteractClient(true);
        fixture.interaction().interact(conversation);
        assertThat(conversation.next()).isSameAs(InteractClient.END);
        assertThat(conversation.status().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(reflect(fixture.channel).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(reflect(as(BOB))).isEqualTo(Status.OK);
        // Health is open here.
        HealthGrpc.newBlockingStub(fixture.channel).check(HealthCheckRequest.getDefaultInstance());
        assertThat(fixture.openStreams.get()).isZero();
    }

    private static Status reflect(Channel channel) throws Exception {
        CompletableFuture<Status> end = new CompletableFuture<>();
        StreamObserver<ServerReflectionRequest> requests = ServerReflectionGrpc.newStub(channel)
                .serverReflectionInfo(new StreamObserver<ServerReflectionResponse>() {
                    @Override
                    public void onNext(ServerReflectionResponse response) {}

                    @Override
                    public void onError(Throwable thrown) {
                        end.complete(Status.fromThrowable(thrown));
                    }

                    @Override
                    public void onCompleted() {
                        end.complete(Status.OK);
                    }
                });
        requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        requests.onCompleted();
        return end.get(20, TimeUnit.SECONDS);
    }

    @Test
    void callsBeyondTheQuotaAreToldWhenToRetry() throws IOException {
        for (int i = 0; i < 4; i++) {
            analyze(as(ALICE));
        }
        // Four times five tokens: exactly what she may have in a second, so both quotas are used up.
        clock.addAndGet(1);
        StatusRuntimeException thrown = refused(Status.Code.RESOURCE_EXHAUSTED, () -> analyze(as(ALICE)));
        assertThat(thrown.getStatus().getDescription()).isEqualTo("client 'alice' may have 4 calls per second");
        assertThat(retryAfter(thrown)).isEqualTo(Duration.ofMillis(250).minusNanos(1));
        analyze(as(BOB));
        clock.addAndGet(retryAfter(thrown).toNanos());
        analyze(as(ALICE));
        assertThat(heard.refusals).containsExactly("alice limbic.v1.EmotionService/Analyze CALLS");
        assertThat(heard.count("cost alice")).isEqualTo(25);
        assertThat(heard.count("requests alice")).isEqualTo(5);
    }

    @Test
    void inAStreamTheRefusalStandsInThePlaceOfTheAnswer() throws Exception {
        Collected collected = new Collected(true);
        StreamObserver<AnalyzeRequest> requests =
                EmotionServiceGrpc.newStub(as(ALICE)).analyzeStream(collected);
        for (int i = 0; i < 4; i++) {
            requests.onNext(AnalyzeRequest.newBuilder()
                    .setRequestId("r" + i)
                    .setText("a b")
                    .build());
        }
        for (int i = 0; i < 3; i++) { // the opening was a call too
            AnalyzeStreamResponse answer = collected.next();
            assertThat(answer.hasAnalysis()).as("answer %d", i).isTrue();
        }
        AnalyzeStreamResponse refused = collected.next();
        assertThat(refused.getRequestId()).isEqualTo("r3");
        assertThat(refused.getError())
                .isEqualTo(Error.newBuilder()
                        .setCode(Status.Code.RESOURCE_EXHAUSTED.value())
                        .setMessage("client 'alice' may have 4 calls per second")
                        .setRetryAfterMillis(250)
                        .build());
        clock.addAndGet(Duration.ofSeconds(1).toNanos());
        for (int i = 0; i < 2; i++) { // of 16 tokens each
            requests.onNext(text("word ".repeat(14)));
            assertThat(collected.next().hasAnalysis()).isTrue();
        }
        requests.onNext(text("too dear now"));
        Error dear = collected.next().getError();
        assertThat(dear.getMessage()).isEqualTo("client 'alice' may have 20 tokens of text per second");
        assertThat(dear.getRetryAfterMillis()).isPositive();
        requests.onCompleted();
        assertThat(collected.awaitEnd()).isEqualTo(Status.OK);
    }

    @Test
    void aConversationIsCountedByUtteranceAndToken() throws Exception {
        InteractClient client = new InteractClient(true);
        StreamObserver<InteractRequest> requests =
                InteractionServiceGrpc.newStub(as(ALICE)).interact(client);
        requests.onNext(InteractRequest.newBuilder()
                .setSetup(InteractSetup.getDefaultInstance())
                .build());
        requests.onNext(utterance("1"));
        client.reply("1");
        // What was heard, the prompt and the reply: more than she may have in a second.
        await(() -> heard.count("cost alice") > 20);
        requests.onNext(utterance("2"));
        InteractResponse refused = client.next();
        assertThat(refused.getEventId()).isEqualTo("2");
        assertThat(refused.getError().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED.value());
        assertThat(refused.getError().getRetryAfterMillis()).isPositive();
        clock.addAndGet(Duration.ofMinutes(1).toNanos());
        requests.onNext(utterance("3"));
        client.reply("3");
        requests.onCompleted();
        assertThat(client.next()).isSameAs(InteractClient.END);
        assertThat(client.status()).isEqualTo(Status.OK);
        assertThat(heard.refusals).containsExactly("alice limbic.v1.InteractionService/Interact COST");
    }

    private static InteractRequest utterance(String id) {
        return InteractRequest.newBuilder()
                .setEventId(id)
                .setUtterance(Utterance.newBuilder().setText("hello"))
                .build();
    }

    @Test
    void aReplyIsPaidForByItsTokens() throws InterruptedException {
        GenerateRequest request = GenerateRequest.newBuilder()
                .setConversation(Conversation.newBuilder()
                        .addMessages(
                                ChatMessage.newBuilder().setRole(Role.ROLE_USER).setText("hello")))
                .build();
        DialogueServiceGrpc.newBlockingStub(as(ALICE)).generate(request).forEachRemaining(event -> {});
        await(() -> heard.count("cost alice") == "U:hello\na".length() + 25);
        await(() -> heard.count("streams alice") == 0);
        refused(Status.Code.RESOURCE_EXHAUSTED, () -> analyze(as(ALICE)));
    }

    @Test
    void streamsBeyondTheQuotaAreRefusedUntilOneEnds() throws Exception {
        Collected first = new Collected(true);
        StreamObserver<AnalyzeRequest> requests =
                EmotionServiceGrpc.newStub(as(ALICE)).analyzeStream(first);
        await(() -> heard.count("streams alice") == 1);
        Collected second = new Collected(true);
        EmotionServiceGrpc.newStub(as(ALICE)).analyzeStream(second);
        assertThat(second.awaitEnd().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        requests.onError(Status.CANCELLED.asException());
        await(() -> heard.count("streams alice") == 0);
        Collected third = new Collected(true);
        EmotionServiceGrpc.newStub(as(ALICE)).analyzeStream(third).onCompleted();
        assertThat(third.awaitEnd()).isEqualTo(Status.OK);
        assertThat(heard.refusals).containsExactly("alice limbic.v1.EmotionService/AnalyzeStream STREAMS");
    }

    @Test
    void streamsOfATokenThatIsTakenBackEnd() throws Exception {
        Collected hers = new Collected(true);
        StreamObserver<AnalyzeRequest> requests =
                EmotionServiceGrpc.newStub(as(ALICE)).analyzeStream(hers);
        requests.onNext(text("hi"));
        hers.next();
        fixture.second.holdBatches();
        requests.onNext(
                AnalyzeRequest.newBuilder().setModel("second").setText("busy").build());
        fixture.second.awaitHeldBatch();
        Collected his = new Collected(true);
        StreamObserver<AnalyzeRequest> stays =
                EmotionServiceGrpc.newStub(as(BOB)).analyzeStream(his);

        tokens("bob " + BOB + "\n");

        assertThat(hers.awaitEnd().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        fixture.second.stopHolding();
        refused(Status.Code.UNAUTHENTICATED, () -> analyze(as(ALICE)));
        stays.onNext(text("still here"));
        assertThat(his.next().hasAnalysis()).isTrue();
        stays.onCompleted();
        assertThat(his.awaitEnd()).isEqualTo(Status.OK);
        await(() -> fixture.openStreams.get() == 0);
        assertThat(fixture.defects).isEmpty();
        assertThat(heard.refusals).contains("alice limbic.v1.EmotionService/AnalyzeStream REMOVED_TOKEN");
        assertThat(heard.count("streams alice")).isZero();
    }
}
