package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.RetryInfo;
import dev.limbic.ops.Device;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.FakeDevice;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.TestConfig;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.ChatMessage;
import dev.limbic.v1.Conversation;
import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.Role;
import dev.limbic.v1.Utterance;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What clients see when the device fails under replies: once, for good, or for want of memory. */
class LanguageLossTest {
    private final List<FakeLanguageModel> loaded = new CopyOnWriteArrayList<>();
    private final AtomicInteger closedDevices = new AtomicInteger();
    private LimbicServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        Host host = new Host(device(), this::device, List.of(device -> new FakeTextModel("fake").typed(), device -> {
            FakeLanguageModel model = new FakeLanguageModel("speaker");
            loaded.add(model);
            return model.typed();
        }));
        server = LimbicServer.start(TestConfig.of(List.of("fake"), List.of("speaker")), List.of(host));
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() {
        loaded.forEach(FakeLanguageModel::stopHolding);
        channel.shutdownNow();
        server.close();
    }

    private Device device() {
        return FakeDevice.open(closedDevices);
    }

    private static void fail(FakeLanguageModel model, DeviceException.Kind kind) {
        model.whileComputing(step -> {
            throw new DeviceException(kind, "illegal address");
        });
    }

    /** The text, or the failure. */
    private CompletableFuture<Object> generate(String said) {
        return CompletableFuture.supplyAsync(() -> {
            StringBuilder text = new StringBuilder();
            try {
                Iterator<GenerateResponse> reply = DialogueServiceGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(20, TimeUnit.SECONDS)
                        .generate(GenerateRequest.newBuilder()
                                .setConversation(Conversation.newBuilder()
                                        .addMessages(ChatMessage.newBuilder()
                                                .setRole(Role.ROLE_USER)
                                                .setText(said)))
                                .build());
                reply.forEachRemaining(event -> text.append(event.getToken().getTextDelta()));
                return text.toString();
            } catch (StatusRuntimeException e) {
                return e;
            }
        });
    }

    private Status.Code code(Object reply) {
        return reply instanceof StatusRuntimeException e ? e.getStatus().getCode() : Status.Code.OK;
    }

    private ServingStatus health(String service) {
        return HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    private String metric(String line) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.httpPort() + "/metrics");
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body()
                    .lines()
                    .filter(each -> each.startsWith(line))
                    .findFirst()
                    .orElse("");
        }
    }

    private void awaitServing() throws InterruptedException {
        for (int i = 0; i < 2000 && code(generate("a").join()) != Status.Code.OK; i++) {
            Thread.sleep(5);
        }
    }

    @Test
    void aLanguageModelHasAnEntryInHealth() {
        for (String service :
                List.of("", "limbic.v1.DialogueService", "limbic.v1.InteractionService", "speaker", "fake")) {
            assertThat(health(service)).as(service).isEqualTo(ServingStatus.SERVING);
        }
    }

    @Test
    void runningAndWaitingRepliesEndUnavailableAndLaterOnesAreWritten() throws Exception {
        assertThat(generate("a").join()).isEqualTo("bcdefghijklmnopqrstuvwxyz");
        FakeLanguageModel first = loaded.getFirst();
        first.holdSteps();
        List<CompletableFuture<Object>> replies = new ArrayList<>();
        for (int i = 0; i < 12; i++) { // eight of them run, see TestConfig
            replies.add(generate("a"));
        }
        first.awaitHeldStep();
        for (int i = 0; i < 2000 && first.prompts().size() < 13; i++) {
            Thread.sleep(5);
        }
        Thread.sleep(200); // until the last prompt is queued too
        fail(first, DeviceException.Kind.LOST);
        first.stopHolding();
        for (CompletableFuture<Object> reply : replies) {
            Object end = reply.get(20, TimeUnit.SECONDS);
            assertThat(code(end)).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(((StatusRuntimeException) end).getStatus().getDescription())
                    .contains("device cpu failed");
            assertThat(retryInfo((StatusRuntimeException) end).getRetryDelay().getSeconds())
                    .isPositive();
        }
        awaitServing();
        assertThat(generate("a").join()).isEqualTo("bcdefghijklmnopqrstuvwxyz");
        assertThat(loaded).hasSize(2);
        assertThat(closedDevices).hasValue(1);
        assertThat(health("speaker")).isEqualTo(ServingStatus.SERVING);
        assertThat(metric("limbic_cache_blocks_used{")).endsWith(" 0.0");
        assertThat(EmotionServiceGrpc.newBlockingStub(channel)
                        .analyze(AnalyzeRequest.newBuilder().setText("ok").build())
                        .hasAnalysis())
                .isTrue();
    }

    private static RetryInfo retryInfo(StatusRuntimeException e) throws InvalidProtocolBufferException {
        com.google.rpc.Status status = Objects.requireNonNull(StatusProto.fromThrowable(e));
        assertThat(status.getDetailsList()).hasSize(1);
        return status.getDetails(0).unpack(RetryInfo.class);
    }

    @Test
    void healthSaysNotServingUntilTheDeviceIsOpenAgain() throws Exception {
        server.close();
        CompletableFuture<Void> go = new CompletableFuture<>();
        loaded.clear();
        Host host = new Host(
                device(),
                () -> {
                    go.join();
                    return device();
                },
                List.of(device -> new FakeTextModel("fake").typed(), device -> {
                    FakeLanguageModel model = new FakeLanguageModel("speaker");
                    loaded.add(model);
                    return model.typed();
                }));
        server = LimbicServer.start(TestConfig.of(List.of("fake"), List.of("speaker")), List.of(host));
        channel.shutdownNow();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
        fail(loaded.getFirst(), DeviceException.Kind.LOST);
        assertThat(code(generate("a").join())).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(health("speaker")).isEqualTo(ServingStatus.NOT_SERVING);
        assertThat(health("")).isEqualTo(ServingStatus.NOT_SERVING);
        assertThat(code(generate("a").join())).as("in between").isEqualTo(Status.Code.UNAVAILABLE);
        go.complete(null);
        awaitServing();
        assertThat(health("speaker")).isEqualTo(ServingStatus.SERVING);
        assertThat(health("")).isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void aConversationOutlivesTheLossOfTheDevice() throws Exception {
        BlockingQueue<InteractResponse> events = new LinkedBlockingQueue<>();
        StreamObserver<InteractRequest> requests =
                InteractionServiceGrpc.newStub(channel).interact(observer(events::add));
        requests.onNext(InteractRequest.newBuilder()
                .setSetup(InteractSetup.getDefaultInstance())
                .build());
        fail(loaded.getFirst(), DeviceException.Kind.LOST);
        say(requests, "1");
        InteractResponse last = end(events);
        assertThat(last.getError().getCode()).isEqualTo(Status.Code.UNAVAILABLE.value());
        assertThat(last.getError().getRetryAfterMillis()).isPositive();
        awaitServing();
        say(requests, "2");
        assertThat(end(events).hasReplyFinished()).isTrue();
        requests.onCompleted();
    }

    private static StreamObserver<InteractResponse> observer(Consumer<InteractResponse> events) {
        return new StreamObserver<>() {
            @Override
            public void onNext(InteractResponse event) {
                events.accept(event);
            }

            @Override
            public void onError(Throwable thrown) {}

            @Override
            public void onCompleted() {}
        };
    }

    private static void say(StreamObserver<InteractRequest> requests, String id) {
        requests.onNext(InteractRequest.newBuilder()
                .setEventId(id)
                .setUtterance(Utterance.newBuilder().setText("wonderful"))
                .build());
    }

    /** The last event of an utterance. */
    private static InteractResponse end(BlockingQueue<InteractResponse> events) throws InterruptedException {
        while (true) {
            InteractResponse event = events.poll(20, TimeUnit.SECONDS);
            assertThat(event).as("an event within 20 s").isNotNull();
            if (event.hasError() || event.hasReplyFinished()) {
                return event;
            }
        }
    }

    @Test
    void aStepThatDoesNotFitFailsAloneAndTheDeviceIsKept() throws Exception {
        FakeLanguageModel model = loaded.getFirst();
        model.whileComputing(step -> {
            if (step.rows() > 30) {
                throw new DeviceException(DeviceException.Kind.OUT_OF_MEMORY, "full");
            }
        });
        Object refused = generate("x".repeat(60)).join();
        assertThat(code(refused)).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(((StatusRuntimeException) refused).getStatus().getDescription())
                .contains("memory of device cpu");
        assertThat(retryInfo((StatusRuntimeException) refused).getRetryDelay().getSeconds())
                .isPositive();
        assertThat(generate("a").join()).isEqualTo("bcdefghijklmnopqrstuvwxyz");
        assertThat(loaded).hasSize(1);
        assertThat(health("speaker")).isEqualTo(ServingStatus.SERVING);
        assertThat(metric("limbic_cache_blocks_used{")).endsWith(" 0.0");
    }

    @Test
    void aDeviceLostTwiceIsGivenUp() throws Exception {
        fail(loaded.getFirst(), DeviceException.Kind.LOST);
        assertThat(code(generate("a").join())).isEqualTo(Status.Code.UNAVAILABLE);
        awaitServing();
        fail(loaded.getLast(), DeviceException.Kind.LOST);
        assertThat(code(generate("a").join())).isEqualTo(Status.Code.UNAVAILABLE);
        server.awaitAbandoned();
        for (String service :
                List.of("", "limbic.v1.DialogueService", "limbic.v1.InteractionService", "speaker", "fake")) {
            assertThat(health(service)).as(service).isEqualTo(ServingStatus.NOT_SERVING);
        }
        assertThat(code(generate("a").join())).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(loaded).hasSize(2);
    }
}
