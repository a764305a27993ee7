package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.model.Kinds;
import dev.limbic.model.ModelRegistry.Typed;
import dev.limbic.ops.Device;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.FakeDevice;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.TestConfig;
import dev.limbic.server.batch.Pace;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.EmotionServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What clients and supervisors see when a device fails: once, for good, or for want of memory. */
class DeviceLossTest {
    private final List<FakeTextModel> loaded = new ArrayList<>();
    private final AtomicInteger closedDevices = new AtomicInteger();
    private volatile boolean opens = true;
    private volatile @Nullable Error failure;
    private LimbicServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        Host host = new Host(device(), this::device, List.of(device -> {
            FakeTextModel model = new FakeTextModel("fake");
            loaded.add(model);
            return model.typed();
        }));
        server = LimbicServer.start(TestConfig.of("fake"), List.of(host));
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    private Device device() {
        Error error = failure;
        if (error != null) {
            throw error;
        }
        if (!opens) {
            throw new DeviceException(DeviceException.Kind.MISSING, "gone");
        }
        return FakeDevice.open(closedDevices);
    }

    private void lose(FakeTextModel model) {
        model.whileComputing(rows -> {
            throw new DeviceException(DeviceException.Kind.LOST, "illegal address");
        });
    }

    private Status analyze() {
        try {
            EmotionServiceGrpc.newBlockingStub(channel)
                    .analyze(AnalyzeRequest.newBuilder().setText("hello").build());
            return Status.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus();
        }
    }

    private ServingStatus health(String service) {
        return HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    private int healthz() throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.httpPort() + "/healthz");
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        }
    }

    @Test
    void aLostDeviceIsOpenedAgainAndItsModelsServe() throws Exception {
        assertThat(analyze()).isEqualTo(Status.OK);
        lose(loaded.getFirst());
        Status lost = analyze();
        assertThat(lost.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(lost.getDescription()).contains("cpu");
        while (analyze().getCode() == Status.Code.UNAVAILABLE) {
            Thread.onSpinWait();
        }
        assertThat(analyze()).isEqualTo(Status.OK);
        assertThat(loaded).hasSize(2);
        assertThat(loaded.getFirst().isClosed()).isTrue();
        assertThat(closedDevices).hasValue(1);
        assertThat(health("fake")).isEqualTo(ServingStatus.SERVING);
        assertThat(healthz()).isEqualTo(200);
    }

    @Test
    void aDeviceLostTwiceIsGivenUp() throws Exception {
        lose(loaded.getFirst());
        assertThat(analyze().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        while (analyze().getCode() == Status.Code.UNAVAILABLE) {
            Thread.onSpinWait();
        }
        lose(loaded.getLast());
        assertThat(analyze().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertGivenUp();
        assertThat(loaded).hasSize(2);
    }

    @Test
    void aDeviceThatCannotBeOpenedAgainIsGivenUp() throws Exception {
        opens = false;
        lose(loaded.getFirst());
        assertThat(analyze().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertGivenUp();
        server.close();
        assertThat(closedDevices).as("closed once, when it was lost").hasValue(1);
    }

    @Test
    void anErrorWhileTheDeviceIsOpenedAgainIsTheEndOfItToo() throws Exception {
        failure = new UnsatisfiedLinkError("gone");
        lose(loaded.getFirst());
        assertThat(analyze().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertGivenUp();
    }

    @Test
    void whatWasLoadedIsClosedWhenAnotherModelCannotBe() {
        FakeTextModel first = new FakeTextModel("first");
        List<Function<Device, Typed<?>>> loaders = List.of(device -> first.typed(), device -> {
            throw new LimbicException.Invalid("broken");
        });
        assertThatThrownBy(() -> new Host(device(), this::device, loaders)).hasMessage("broken");
        assertThat(first.isClosed()).isTrue();
        assertThat(closedDevices).hasValue(1);
    }

    @Test
    void aDefectIsNoLossOfTheDevice() {
        loaded.getFirst().whileComputing(rows -> {
            throw new DeviceException(DeviceException.Kind.REFUSED, "wrong argument");
        });
        assertThat(analyze().getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(health("fake")).isEqualTo(ServingStatus.SERVING);
        loaded.getFirst().whileComputing(rows -> {});
        assertThat(analyze()).isEqualTo(Status.OK);
        assertThat(loaded).hasSize(1);
    }

    private void assertGivenUp() throws Exception {
        server.awaitAbandoned();
        for (String service : List.of("", "limbic.v1.EmotionService", "fake")) {
            assertThat(health(service)).as(service).isEqualTo(ServingStatus.NOT_SERVING);
        }
        assertThat(healthz()).isEqualTo(503);
        assertThat(analyze().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }

    private static ModelWork<Text, Encoding, float[], Emotions> work(FakeTextModel model) {
        return new ModelWork<>(new Resident<>(Kinds.TEXT, model.card(), () -> model, new Pace(1)), lost -> {});
    }

    @Test
    void aBatchThatDoesNotFitIsHalvedUntilItDoes() {
        FakeTextModel model = loaded.getFirst();
        List<Integer> tried = new ArrayList<>();
        model.whileComputing(rows -> {
            tried.add(rows);
            if (rows > 2) {
                throw new DeviceException(DeviceException.Kind.OUT_OF_MEMORY, "full");
            }
        });
        ModelWork<Text, Encoding, float[], Emotions> work = work(model);
        List<Encoding> batch = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            batch.add(model.prepare(new Text("x".repeat(i + 1))));
        }
        List<float[]> rows = work.run(batch);
        assertThat(rows).extracting(row -> (int) row[0]).containsExactly(1, 2, 3, 4, 5);
        assertThat(tried).containsExactly(5, 2, 3, 1, 2);
    }

    @Test
    void aSingleRequestThatDoesNotFitIsRefused() {
        loaded.getFirst().whileComputing(rows -> {
            throw new DeviceException(DeviceException.Kind.OUT_OF_MEMORY, "full");
        });
        Status refused = analyze();
        assertThat(refused.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(refused.getDescription()).contains("memory of device cpu");
        assertThat(health("fake")).isEqualTo(ServingStatus.SERVING);
        ModelWork<Text, Encoding, float[], Emotions> work = work(loaded.getFirst());
        Encoding encoding = loaded.getFirst().prepare(new Text("x"));
        assertThatThrownBy(() -> work.run(Collections.nCopies(3, encoding)))
                .isInstanceOf(LimbicException.Overloaded.class);
    }
}
