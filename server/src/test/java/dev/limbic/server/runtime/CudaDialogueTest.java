package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.model.TinyLanguage;
import dev.limbic.ops.cuda.TestDevice;
import dev.limbic.ops.cuda.sim.CudaSimulator;
import dev.limbic.server.TestConfig;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.DeviceChoice;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.config.ServerConfig.PrecisionChoice;
import dev.limbic.v1.ChatMessage;
import dev.limbic.v1.Conversation;
import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.FinishReason;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.Interrupt;
import dev.limbic.v1.ListModelsRequest;
import dev.limbic.v1.Model;
import dev.limbic.v1.ModelServiceGrpc;
import dev.limbic.v1.Role;
import dev.limbic.v1.Utterance;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations on the CUDA device, simulated or real: a model that reads and one that writes, behind the server. */
class CudaDialogueTest {
    private static final int ILLEGAL_ADDRESS = 700;

    @TempDir
    private Path folder;

    private LimbicServer server;
    private ManagedChannel channel;

    @BeforeAll
    static void require() {
        TestDevice.require();
        TestDevice.expectNoLeakFromHere();
    }

    private static ModelConfig model(String name, Path path) {
        return new ModelConfig(name, path, DeviceChoice.CUDA, PrecisionChoice.AUTO, 1 << 20, false);
    }

    @BeforeEach
    void start() throws IOException {
        TestDevice.expectNoLeakFromHere();
        ServerConfig.Cuda cuda =
                new ServerConfig.Cuda(0, Path.of("target/cuda-kernels").toAbsolutePath(), true);
        List<Host> hosts = new Engine(cuda, step -> {})
                .load(List.of(
                        model("emotion-lstm", Path.of("../models/starter/emotion-lstm")),
                        model("tiny", TinyLanguage.chat(folder.resolve("tiny")))));
        server = LimbicServer.start(TestConfig.of(List.of("emotion-lstm"), List.of("tiny")), hosts);
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
        TestDevice.assertClean();
    }

    private List<GenerateResponse> generate(long seed, String said) {
        GenerateRequest.Builder request = GenerateRequest.newBuilder()
                .setConversation(Conversation.newBuilder()
                        .addMessages(
                                ChatMessage.newBuilder().setRole(Role.ROLE_USER).setText(said)));
        request.getSamplingBuilder().setSeed(seed).setTemperature(1).setMaxNewTokens(12);
        List<GenerateResponse> events = new ArrayList<>();
        DialogueServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .generate(request.build())
                .forEachRemaining(events::add);
        return events;
    }

    private Status.Code statusOf(String said) {
        try {
            generate(1, said);
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    private static List<Integer> ids(List<GenerateResponse> events) {
        return events.stream()
                .filter(GenerateResponse::hasToken)
                .map(event -> event.getToken().getId())
                .toList();
    }

    private void awaitNoBlocks() throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.httpPort() + "/metrics");
        try (HttpClient client = HttpClient.newHttpClient()) {
            boolean free = false;
            for (int i = 0; i < 1000 && !free; i++) {
                free = client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                        .body()
                        .lines()
                        .anyMatch(line -> line.startsWith("limbic_cache_blocks_used{") && line.endsWith(" 0.0"));
                Thread.sleep(10);
            }
            assertThat(free).as("no block is in use within 10 s").isTrue();
        }
    }

    @Test
    void theSameSeedWritesTheSame() throws Exception {
        assertThat(ModelServiceGrpc.newBlockingStub(channel)
                        .listModels(ListModelsRequest.getDefaultInstance())
                        .getModelsList())
                .filteredOn(Model::hasWriter)
                .singleElement()
                .satisfies(card ->
                        assertThat(card.getDevice() + " " + card.getPrecision()).isEqualTo("cuda bf16"));
        List<Integer> first = ids(generate(5, "why"));
        assertThat(first).isNotEmpty();
        assertThat(ids(generate(5, "why"))).isEqualTo(first);
        assertThat(ids(generate(6, "why"))).isNotEqualTo(first);
        String longerThanAChunk = "so you and me and the storm ".repeat(5);
        assertThat(ids(generate(5, longerThanAChunk))).isEqualTo(ids(generate(5, longerThanAChunk)));
        awaitNoBlocks();
    }

    /** A client of Interact. */
    private static final class Client implements StreamObserver<InteractResponse> {
        final BlockingQueue<InteractResponse> events = new LinkedBlockingQueue<>();

        @Override
        public void onNext(InteractResponse event) {
            events.add(event);
        }

        @Override
        public void onError(Throwable thrown) {}

        @Override
        public void onCompleted() {}

        InteractResponse next() throws InterruptedException {
            InteractResponse event = events.poll(60, TimeUnit.SECONDS);
            assertThat(event).as("an event within 60 s").isNotNull();
            return event;
        }
    }

    private StreamObserver<InteractRequest> interact(Client client, int tokens) {
        StreamObserver<InteractRequest> requests =
                InteractionServiceGrpc.newStub(channel).interact(client);
        InteractSetup.Builder setup = InteractSetup.newBuilder().setPersona("I am Mia.");
        setup.getSamplingBuilder()
                .setMaxNewTokens(tokens)
                .setMinNewTokens(tokens)
                .setSeed(3);
        requests.onNext(InteractRequest.newBuilder().setSetup(setup).build());
        return requests;
    }

    private static void say(StreamObserver<InteractRequest> requests, String id, String text) {
        requests.onNext(InteractRequest.newBuilder()
                .setEventId(id)
                .setUtterance(Utterance.newBuilder().setText(text))
                .build());
    }

    @Test
    void itListensWhileItSpeaks() throws Exception {
        Client client = new Client();
        StreamObserver<InteractRequest> requests = interact(client, 120);
        say(requests, "1", "I am so happy!");
        while (!client.next().hasToken()) {
            // Until the reply is being written.
        }
        say(requests, "2", "I miss her so much");
        boolean heardBetween = false;
        int tokens = 1;
        InteractResponse event;
        for (event = client.next(); !event.hasReplyFinished(); event = client.next()) {
            heardBetween |= event.hasAnalysis();
            tokens += event.hasToken() ? 1 : 0;
            if (event.hasAnalysis()) {
                assertThat(event.getEventId()).isEqualTo("2");
                assertThat(event.getAnalysis().getLogitsList()).isNotEmpty();
            }
        }
        assertThat(event.getEventId()).isEqualTo("1");
        assertThat(heardBetween).as("logits between tokens").isTrue();
        assertThat(tokens).isEqualTo(120);
        while (!client.next().hasToken()) {
            // Until the second reply is being written.
        }
        requests.onNext(InteractRequest.newBuilder()
                .setInterrupt(Interrupt.getDefaultInstance())
                .build());
        for (event = client.next(); !event.hasReplyFinished(); event = client.next()) {
            assertThat(event.hasToken()).isTrue();
        }
        assertThat(event.getReplyFinished().getReason()).isEqualTo(FinishReason.FINISH_REASON_INTERRUPTED);
        awaitNoBlocks();
        requests.onCompleted();
    }

    @Test
    void aClientThatLeavesFreesItsBlocks() throws Exception {
        Client client = new Client();
        StreamObserver<InteractRequest> requests = interact(client, 180);
        say(requests, "1", "I am so happy!");
        while (!client.next().hasToken()) {
            // Until the reply is being written.
        }
        requests.onError(Status.CANCELLED.asRuntimeException());
        awaitNoBlocks();
    }

    @Test
    void aChipThatFailsUnderAReplyIsOpenedAgain() throws Exception {
        CudaSimulator.install();
        List<Integer> before = ids(generate(5, "why"));
        CudaSimulator.injectFault(ILLEGAL_ADDRESS);
        assertThat(statusOf("why")).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(CudaSimulator.takeFault()).isNotEmpty();
        while (statusOf("why") == Status.Code.UNAVAILABLE) {
            Thread.sleep(10);
        }
        assertThat(ids(generate(5, "why"))).isEqualTo(before);
        awaitNoBlocks();
    }

    @Test
    void aStepThatDoesNotFitIsRefusedAndTheNextWritten() throws Exception {
        CudaSimulator.install();
        CudaSimulator.limitMemory(1 << 16); // the first step wants scratch memory
        try {
            assertThat(statusOf("so you and me and the storm ".repeat(5))).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        } finally {
            CudaSimulator.limitMemory(0);
        }
        assertThat(statusOf("why")).isEqualTo(Status.Code.OK);
        CudaSimulator.takeFault();
        awaitNoBlocks();
    }
}
