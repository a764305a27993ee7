package dev.limbic.server.wire;

import static dev.limbic.server.wire.AnalyzeTest.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.RetryInfo;
import dev.limbic.v1.AnalyzeRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Health, reflection, limits on calls, and what they say while the server stops. */
class StandardServicesTest {
    private static final int MAX_CALLS = 3;

    private WireFixture fixture;

    @BeforeEach
    void start() throws IOException {
        fixture = new WireFixture(MAX_CALLS);
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private ServingStatus health(String service) {
        return HealthGrpc.newBlockingStub(fixture.channel)
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    @Test
    void healthIsToldOverallPerServiceAndPerModel() {
        for (String service : List.of("", "limbic.v1.EmotionService", "first", "second")) {
            assertThat(health(service)).as(service).isEqualTo(ServingStatus.SERVING);
        }
        StatusRuntimeException thrown = catchThrowableOfType(StatusRuntimeException.class, () -> health("third"));
        assertThat(thrown.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
    }

    @Test
    void reflectionListsServicesAndDescribesOurs() throws InterruptedException {
        BlockingQueue<ServerReflectionResponse> responses = new LinkedBlockingQueue<>();
        StreamObserver<ServerReflectionRequest> requests = ServerReflectionGrpc.newStub(fixture.channel)
                .serverReflectionInfo(new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse response) {
                        responses.add(response);
                    }

                    @Override
                    public void onError(Throwable thrown) {}

                    @Override
                    public void onCompleted() {}
                });
        requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        requests.onNext(ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("limbic.v1.EmotionService.AnalyzeStream")
                .build());
        ServerReflectionResponse list = responses.poll(20, TimeUnit.SECONDS);
        ServerReflectionResponse file = responses.poll(20, TimeUnit.SECONDS);
        requests.onCompleted();
        assertThat(list).isNotNull();
        assertThat(list.getListServicesResponse().getServiceList().stream().map(ServiceResponse::getName))
                .contains(
                        "limbic.v1.EmotionService",
                        "grpc.health.v1.Health",
                        "grpc.reflection.v1.ServerReflection",
                        "grpc.reflection.v1alpha.ServerReflection");
        assertThat(file).isNotNull();
        assertThat(file.getFileDescriptorResponse().getFileDescriptorProtoCount())
                .isPositive();
    }

    @Test
    void tooManyCallsAreRefusedWithATimeToRetryAndAPlaceIsFreedWhenOneEnds() throws Exception {
        Collected[] streams = new Collected[MAX_CALLS];
        StreamObserver<AnalyzeRequest> last = null;
        for (int i = 0; i < MAX_CALLS; i++) {
            streams[i] = new Collected(true);
            last = fixture.async().analyzeStream(streams[i]);
            last.onNext(text("hi"));
            streams[i].next();
        }
        StatusRuntimeException unary = catchThrowableOfType(
                StatusRuntimeException.class, () -> fixture.blocking().analyze(text("one too many")));
        assertThat(unary.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        com.google.rpc.Status details = Objects.requireNonNull(StatusProto.fromThrowable(unary));
        assertThat(details.getDetails(0).is(RetryInfo.class)).isTrue();
        Collected refused = new Collected(true);
        fixture.async().analyzeStream(refused);
        assertThat(refused.awaitEnd().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(health("")).as("health is asked in spite of full calls").isEqualTo(ServingStatus.SERVING);

        Objects.requireNonNull(last).onCompleted();
        assertThat(streams[MAX_CALLS - 1].awaitEnd()).isEqualTo(Status.OK);
        awaitAnswer();
    }

    /** The place of a call is free an instant after its client has seen the end. */
    private void awaitAnswer() {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            try {
                assertThat(fixture.blocking().analyze(text("fits again")).hasAnalysis())
                        .isTrue();
                return;
            } catch (StatusRuntimeException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }

    @Test
    void aStoppingServerFinishesWhatItAcceptedAndRefusesTheRest() throws Exception {
        fixture.first.holdBatches();
        Ignored running = new Ignored();
        fixture.async().analyze(text("running"), running);
        fixture.first.awaitHeldBatch();
        Collected busy = new Collected(true);
        StreamObserver<AnalyzeRequest> requests = fixture.async().analyzeStream(busy);
        requests.onNext(text("accepted"));
        while (fixture.batcher.depth() < 1) {
            Thread.onSpinWait();
        }
        Collected idle = new Collected(true);
        fixture.async().analyzeStream(idle);
        while (fixture.openStreams.get() < 2) {
            Thread.onSpinWait();
        }

        fixture.server.drain();

        for (String service : List.of("", "limbic.v1.EmotionService", "first", "second")) {
            assertThat(health(service)).as(service).isEqualTo(ServingStatus.NOT_SERVING);
        }
        assertThat(idle.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        StatusRuntimeException refused = catchThrowableOfType(
                StatusRuntimeException.class, () -> fixture.blocking().analyze(text("too late")));
        assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        requests.onNext(text("too late on the stream"));
        assertThat(fixture.server.awaitCalls(Duration.ZERO)).isFalse();

        fixture.first.stopHolding();
        assertThat(running.awaitEnd()).isEqualTo(Status.OK);
        assertThat(busy.next().hasAnalysis()).isTrue();
        assertThat(busy.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(fixture.server.awaitCalls(Duration.ofSeconds(20))).isTrue();
    }
}
