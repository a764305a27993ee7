package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.TestConfig;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The whole server around a fake model: metrics, health over HTTP, logs, and how it stops. */
class LimbicServerTest {
    private final FakeTextModel model = new FakeTextModel("fake");
    private LimbicServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        server = LimbicServer.start(TestConfig.of("fake"), List.of(Host.of(List.of(model.typed()))));
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

    private void analyze(String text) {
        EmotionServiceGrpc.newBlockingStub(channel)
                .analyze(AnalyzeRequest.newBuilder().setText(text).build());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.httpPort() + path);
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void metricsTellWhatHappened() throws Exception {
        analyze("one two three");
        analyze("one two three");
        assertThatThrownBy(() -> analyze(" ")).isInstanceOf(StatusRuntimeException.class);
        assertThatThrownBy(() -> analyze(FakeTextModel.FAIL)).isInstanceOf(StatusRuntimeException.class);
        String metrics =
                awaitMetric("limbic_requests_total{method=\"Analyze\",model=\"fake\",status=\"INTERNAL\"} 1.0");
        assertThat(metrics)
                .contains("limbic_requests_total{method=\"Analyze\",model=\"fake\",status=\"OK\"} 2.0")
                .contains("limbic_requests_total{method=\"Analyze\",model=\"fake\",status=\"INVALID_ARGUMENT\"} 1.0")
                .contains("limbic_request_seconds_bucket{method=\"Analyze\",model=\"fake\",le=\"+Inf\"} 4")
                .contains("limbic_queue_seconds_bucket{model=\"fake\",le=\"+Inf\"} 2")
                .contains("limbic_compute_seconds_bucket{model=\"fake\",le=\"5.0\"} 2")
                .contains("limbic_batch_rows_bucket{model=\"fake\",le=\"1.0\"} 2")
                .contains("limbic_batch_cost_sum{model=\"fake\"} 10.0")
                .contains("limbic_batches_failed_total{model=\"fake\"} 1.0")
                .contains("limbic_queue_depth{model=\"fake\"} 0.0")
                .contains("limbic_streams_open 0.0")
                .contains("limbic_frames_total 0.0")
                .contains("limbic_calls_open ")
                .contains("limbic_in_flight_bytes ")
                .contains("limbic_in_flight_max_bytes 2.68435456E8")
                .contains("jvm_memory_used_bytes")
                .contains("# TYPE limbic_request_seconds histogram");
        assertThat(get("/metrics").headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
    }

    @Test
    void droppedRequestsAreCounted() throws Exception {
        model.holdBatches();
        Thread holder = Thread.ofPlatform().start(() -> analyze("holds"));
        model.awaitHeldBatch();
        Future<AnalyzeResponse> gone = EmotionServiceGrpc.newFutureStub(channel)
                .analyze(AnalyzeRequest.newBuilder().setText("gone").build());
        awaitMetric("limbic_queue_depth{model=\"fake\"} 1.0");
        gone.cancel(true);
        awaitMetric("limbic_dropped_total{model=\"fake\",reason=\"cancelled\"} 1.0");
        model.stopHolding();
        holder.join();
    }

    private String awaitMetric(String line) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (true) {
            String metrics = get("/metrics").body();
            if (metrics.contains(line)) {
                return metrics;
            }
            assertThat(System.nanoTime()).as("no " + line + " in " + metrics).isLessThan(end);
            Thread.sleep(5);
        }
    }

    @Test
    void healthOverHttpFollowsTheServer() throws Exception {
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
        assertThat(get("/healthz").body()).isEqualTo("SERVING\n");
        model.holdBatches();
        Thread running = Thread.ofPlatform().start(() -> analyze("running"));
        model.awaitHeldBatch();
        Thread stopper = Thread.ofPlatform().start(() -> {
            try {
                server.stop(Duration.ofSeconds(60));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        while (get("/healthz").statusCode() == 200) {
            Thread.sleep(1);
        }
        assertThat(get("/healthz").statusCode()).isEqualTo(503);
        assertThat(get("/healthz").body()).isEqualTo("NOT_SERVING\n");
        model.stopHolding();
        running.join();
        stopper.join();
        assertThat(model.isClosed()).isTrue();
        assertThat(model.lastThread()).isEqualTo("limbic-device-cpu");
        assertThatThrownBy(() -> get("/healthz")).isInstanceOf(IOException.class);
    }

    @Test
    void noTextOfARequestReachesTheLogs() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Logger ours = (Logger) LoggerFactory.getLogger("dev.limbic");
        ListAppender<ILoggingEvent> events = new ListAppender<>();
        events.start();
        root.addAppender(events);
        ours.setLevel(Level.TRACE);
        String secret = "xyzzysecret";
        try {
            analyze(secret);
            for (String text : List.of(
                    FakeTextModel.UNENCODABLE + secret, FakeTextModel.FAIL + " " + secret, secret.repeat(2000))) {
                assertThatThrownBy(() -> analyze(text)).isInstanceOf(StatusRuntimeException.class);
            }
        } finally {
            ours.setLevel(null);
            root.detachAppender(events);
        }
        assertThat(events.list).as("defects are logged").isNotEmpty();
        for (ILoggingEvent event : List.copyOf(events.list)) {
            String line = event.getFormattedMessage() + " " + event.getKeyValuePairs()
                    + (event.getThrowableProxy() == null ? "" : ThrowableProxyUtil.asString(event.getThrowableProxy()));
            assertThat(line).doesNotContain(secret);
        }
        assertThat(events.list.toString()).contains("request failed").contains("batch failed");
    }

    @Test
    void aPortInUseIsToldWithWhatToDo() {
        ServerConfig config = TestConfig.of("fake");
        ServerConfig taken = TestConfig.listening(config, new ServerConfig.Listen("127.0.0.1", server.grpcPort()));
        FakeTextModel other = new FakeTextModel("fake");
        assertThatThrownBy(() -> LimbicServer.start(taken, List.of(Host.of(List.of(other.typed())))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot listen on 127.0.0.1:" + server.grpcPort())
                .hasMessageContaining("grpc.port");
        assertThat(other.isClosed()).isTrue();
    }
}
