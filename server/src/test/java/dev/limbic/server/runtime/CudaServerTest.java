package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.Face;
import dev.limbic.domain.Image;
import dev.limbic.domain.ImageSource.EncodedImage;
import dev.limbic.domain.Input;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Prepared;
import dev.limbic.domain.Text;
import dev.limbic.model.BatchKind;
import dev.limbic.model.Kinds;
import dev.limbic.model.Model;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuPrecisions;
import dev.limbic.ops.cuda.TestDevice;
import dev.limbic.ops.cuda.sim.CudaSimulator;
import dev.limbic.server.Main;
import dev.limbic.server.TestConfig;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.DeviceChoice;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.config.ServerConfig.PrecisionChoice;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.ListModelsRequest;
import dev.limbic.v1.ModelServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The starter models on the CUDA device, simulated or real, behind the whole server. */
class CudaServerTest {
    private static final int ILLEGAL_ADDRESS = 700;
    private static final List<String> TEXTS = List.of(
            "I can't believe we won!",
            "I miss her so much",
            "ugh",
            "Stop that right now, you are driving me mad.",
            "What a lovely surprise, thank you all for coming to my party tonight!",
            "ok");

    private @Nullable LimbicServer server;
    private @Nullable ManagedChannel channel;

    @BeforeAll
    static void require() {
        TestDevice.require();
        TestDevice.expectNoLeakFromHere();
    }

    @AfterEach
    void stop() {
        if (channel != null) {
            channel.shutdownNow();
        }
        if (server != null) {
            server.close();
        }
        TestDevice.assertClean();
    }

    private static ModelConfig model(String name, DeviceChoice device, PrecisionChoice precision) {
        return new ModelConfig(name, Path.of("../models/starter", name), device, precision, 0, false);
    }

    private static ServerConfig.Cuda cuda(int ordinal) {
        return new ServerConfig.Cuda(ordinal, Path.of("target/cuda-kernels").toAbsolutePath(), true);
    }

    private void start(ModelConfig... models) throws IOException {
        String[] names = new String[models.length];
        for (int i = 0; i < models.length; i++) {
            names[i] = models[i].name();
        }
        server = LimbicServer.start(TestConfig.of(names), new Engine(cuda(0), step -> {}).load(List.of(models)));
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
    }

    private List<float[]> onCpu(String name) {
        List<float[]> rows = new ArrayList<>();
        try (Host host = new Engine(cuda(0), step -> {}).load(model(name, DeviceChoice.CPU, PrecisionChoice.F32))) {
            Model<Text, Encoding, float[], Emotions> reference =
                    host.residents(Kinds.TEXT).getFirst().model();
            for (String text : TEXTS) {
                rows.add(reference
                        .run(List.of(reference.prepare(new Text(text))))
                        .getFirst());
            }
        }
        return rows;
    }

    private AnalyzeResponse analyze(String text) {
        return EmotionServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .analyze(AnalyzeRequest.newBuilder().setText(text).build());
    }

    private Status statusOf(String text) {
        try {
            analyze(text);
            return Status.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus();
        }
    }

    @Test
    void aStreamOfTextsComesBackAsLogits() throws Exception {
        start(
                model("emotion-lstm", DeviceChoice.CUDA, PrecisionChoice.AUTO),
                model("emotion-bert", DeviceChoice.AUTO, PrecisionChoice.AUTO));
        assertThat(ModelServiceGrpc.newBlockingStub(channel)
                        .listModels(ListModelsRequest.getDefaultInstance())
                        .getModelsList())
                .allSatisfy(card ->
                        assertThat(card.getDevice() + " " + card.getPrecision()).isEqualTo("cuda f16"));
        for (String name : List.of("emotion-lstm", "emotion-bert")) {
            List<float[]> expected = onCpu(name);
            BlockingQueue<AnalyzeStreamResponse> answers = new LinkedBlockingQueue<>();
            StreamObserver<AnalyzeRequest> requests = EmotionServiceGrpc.newStub(channel)
                    .analyzeStream(new StreamObserver<>() {
                        @Override
                        public void onNext(AnalyzeStreamResponse answer) {
                            answers.add(answer);
                        }

                        @Override
                        public void onError(Throwable thrown) {}

                        @Override
                        public void onCompleted() {}
                    });
            for (int round = 0; round < 3; round++) {
                for (String text : TEXTS) {
                    requests.onNext(AnalyzeRequest.newBuilder()
                            .setModel(name)
                            .setText(text)
                            .build());
                }
            }
            requests.onCompleted();
            for (int i = 0; i < 3 * TEXTS.size(); i++) {
                AnalyzeStreamResponse answer = answers.poll(60, TimeUnit.SECONDS);
                assertThat(answer).as("answer %d of %s", i, name).isNotNull();
                float[] reference = expected.get(i % TEXTS.size());
                List<Float> logits = answer.getAnalysis().getLogitsList();
                assertThat(logits).hasSize(reference.length);
                for (int label = 0; label < reference.length; label++) {
                    assertThat(logits.get(label))
                            .as("%s, text %d, label %d", name, i, label)
                            .isCloseTo(reference[label], Offset.offset(0.05f));
                }
            }
        }
    }

    @Test
    void aChipThatFailsIsOpenedAgainOnce() throws Exception {
        CudaSimulator.install();
        start(model("emotion-lstm", DeviceChoice.CUDA, PrecisionChoice.F16));
        AnalyzeResponse before = analyze("I can't believe we won!");
        CudaSimulator.injectFault(ILLEGAL_ADDRESS);
        assertThat(statusOf("I can't believe we won!").getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(CudaSimulator.takeFault()).isNotEmpty();
        while (statusOf("ok").getCode() == Status.Code.UNAVAILABLE) {
            Thread.sleep(10);
        }
        assertThat(analyze("I can't believe we won!").getAnalysis().getLogitsList())
                .isEqualTo(before.getAnalysis().getLogitsList());
        CudaSimulator.injectFault(ILLEGAL_ADDRESS);
        assertThat(statusOf("ok").getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        java.util.Objects.requireNonNull(server).awaitAbandoned();
        assertThat(statusOf("ok").getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(CudaSimulator.takeFault()).isNotEmpty();
    }

    @Test
    void aRequestThatDoesNotFitIsRefusedAndTheNextServed() throws Exception {
        CudaSimulator.install();
        start(model("emotion-bert", DeviceChoice.CUDA, PrecisionChoice.F32));
        CudaSimulator.limitMemory(1 << 20); // the first batch wants scratch memory
        try {
            assertThat(statusOf("ok").getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        } finally {
            CudaSimulator.limitMemory(0);
        }
        assertThat(statusOf("ok")).isEqualTo(Status.OK);
        CudaSimulator.takeFault();
    }

    private static <I extends Input, P extends Prepared, R, A> A read(Host host, BatchKind<I, P, R, A> kind, I input) {
        Model<I, P, R, A> model = host.residents(kind).getFirst().model();
        return model.interpret(model.run(List.of(model.prepare(input))).getFirst());
    }

    /** As the built-in configuration has them. */
    @Test
    void facesAreFoundAndReadOnTheChip() throws IOException {
        byte[] photo = Files.readAllBytes(Path.of("../models/src/test/resources/golden-vision/face-finder")
                .resolve("photo-0.png"));
        Image image = new Image(new EncodedImage(photo));
        List<Face> faces = new ArrayList<>();
        List<Emotions> emotions = new ArrayList<>();
        for (DeviceChoice device : List.of(DeviceChoice.CPU, DeviceChoice.AUTO)) {
            List<Host> hosts = new Engine(cuda(0), step -> {})
                    .load(List.of(
                            model("face-finder", device, PrecisionChoice.AUTO),
                            model("face-expression", device, PrecisionChoice.AUTO)));
            Host host = hosts.getFirst();
            assertThat(host.name()).isEqualTo(device == DeviceChoice.CPU ? "cpu" : "cuda");
            faces.add(read(host, Kinds.FINDER, image).getFirst());
            emotions.add(read(host, Kinds.IMAGE, image));
            hosts.forEach(Host::close);
        }
        assertThat(faces.get(1).score()).isCloseTo(faces.get(0).score(), Offset.offset(0.02f));
        assertThat(faces.get(1).box().overlap(faces.get(0).box())).isGreaterThan(0.95);
        assertThat(emotions.get(1).intensity()).isCloseTo(emotions.get(0).intensity(), Offset.offset(0.05f));
    }

    @Test
    void withoutAChipAutoRunsOnTheCpuAndSaysSoOnce() {
        List<String> said = new ArrayList<>();
        List<Host> hosts = new Engine(cuda(99), said::add)
                .load(List.of(
                        model("emotion-lstm", DeviceChoice.AUTO, PrecisionChoice.AUTO),
                        model("emotion-bert", DeviceChoice.AUTO, PrecisionChoice.AUTO)));
        assertThat(hosts)
                .singleElement()
                .satisfies(host -> assertThat(host.name()).isEqualTo("cpu"));
        hosts.forEach(Host::close);
        assertThat(said).filteredOn(line -> line.contains("no CUDA device")).hasSize(1);
        Engine engine = new Engine(cuda(99), said::add);
        assertThatThrownBy(() -> engine.load(model("emotion-lstm", DeviceChoice.CUDA, PrecisionChoice.AUTO)))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining("emotion-lstm")
                .hasMessageContaining("CUDA device 99 does not exist");
    }

    @Test
    void aPrecisionThatTheChipHasNotIsRefusedOrLeftToTheCpu() {
        Engine engine = new Engine(cuda(0), step -> {});
        assertThatThrownBy(() -> engine.load(model("emotion-bert", DeviceChoice.CUDA, PrecisionChoice.INT8)))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining("int8");
        ModelConfig either = model("emotion-bert", DeviceChoice.AUTO, PrecisionChoice.INT8);
        if (CpuPrecisions.all().contains(Precision.INT8)) {
            try (Host host = engine.load(either)) {
                assertThat(host.name()).isEqualTo("cpu");
            }
        } else {
            assertThatThrownBy(() -> engine.load(either))
                    .isInstanceOf(LimbicException.Invalid.class)
                    .hasMessageContaining("precision int8, for which this cpu has no instructions");
        }
    }

    @Test
    void theDoctorFindsEverythingAndEachOperationPasses() {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        int code;
        try {
            code = Main.run(
                    "doctor", "--models-dir", "../models", "--set", "cuda.kernel-cache=" + cuda(0).kernelCache());
        } finally {
            System.setOut(out);
        }
        assertThat(said.toString(StandardCharsets.UTF_8))
                .contains("found    cuDNN")
                .contains("passed   attention, causal      f16")
                .contains("passed   recurrent lstm         f32")
                .doesNotContain("missing")
                .doesNotContain("FAILED");
        assertThat(code).isZero();
    }
}
