package dev.limbic.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.limbic.server.command.FakeServer;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a real process does on SIGTERM. */
@DisabledOnOs(OS.WINDOWS)
class SignalTest {
    private @Nullable Process process;
    private @Nullable ManagedChannel channel;

    @AfterEach
    void stop() {
        if (channel != null) {
            channel.shutdownNow();
        }
        if (process != null) {
            process.destroyForcibly();
        }
    }

    private Process start(String... arguments) throws IOException {
        java.util.List<String> command = new java.util.ArrayList<>(java.util.List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                FakeServer.class.getName()));
        command.addAll(java.util.List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    @Test
    void runningWorkFinishesHealthSaysNotServingAndTheProcessExitsWithZero() throws Exception {
        Process server = start("hold");
        process = server;
        BufferedReader out = server.inputReader(StandardCharsets.UTF_8);
        String port = out.readLine();
        assertThat(port).startsWith("port ");
        ManagedChannel client = NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(port.substring(5)))
                .usePlaintext()
                .build();
        channel = client;
        AnalyzeRequest request = AnalyzeRequest.newBuilder().setText("hello").build();
        CompletableFuture<AnalyzeResponse> running = CompletableFuture.supplyAsync(
                () -> EmotionServiceGrpc.newBlockingStub(client).analyze(request));
        assertThat(out.readLine()).isEqualTo("held");

        server.toHandle().destroy(); // SIGTERM, and unlike Process.destroy it leaves the pipes open
        awaitNotServing(client);
        StatusRuntimeException refused = catchThrowableOfType(
                StatusRuntimeException.class,
                () -> EmotionServiceGrpc.newBlockingStub(client).analyze(request));
        assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(running).isNotDone();
        try (OutputStream in = server.getOutputStream()) {
            in.write('\n');
            in.flush();
            assertThat(running.get(20, TimeUnit.SECONDS).getAnalysis().getModel())
                    .isEqualTo("fake");
            assertThat(server.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(server.exitValue()).isZero();
    }

    @Test
    void anIdleServerExitsWithZeroAtOnce() throws Exception {
        Process server = start();
        process = server;
        BufferedReader out = new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
        assertThat(out.readLine()).startsWith("port ");
        server.toHandle().destroy();
        assertThat(server.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isZero();
    }

    private static void awaitNotServing(ManagedChannel client) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (HealthGrpc.newBlockingStub(client)
                        .check(HealthCheckRequest.getDefaultInstance())
                        .getStatus()
                != ServingStatus.NOT_SERVING) {
            assertThat(System.nanoTime()).as("health still says SERVING").isLessThan(end);
            Thread.sleep(1);
        }
    }
}
