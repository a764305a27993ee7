package dev.limbic.server.wire;

import com.google.protobuf.ByteString;
import dev.limbic.generate.Scheduler;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.server.FakeFaceModels;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.TestConfig;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.dialogue.ResponseStrategy;
import dev.limbic.server.pipeline.Catalog;
import dev.limbic.server.pipeline.FacePipeline;
import dev.limbic.server.pipeline.InputLimits;
import dev.limbic.server.pipeline.Pipeline;
import dev.limbic.server.pipeline.ReplyObserver;
import dev.limbic.server.pipeline.ReplyPipeline;
import dev.limbic.server.pipeline.Served;
import dev.limbic.server.pipeline.Workers;
import dev.limbic.server.runtime.FakeGeneration;
import dev.limbic.server.stream.FrameObserver;
import dev.limbic.server.stream.FrameRules;
import dev.limbic.server.stream.Interactions;
import dev.limbic.v1.Image;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.Limits;
import dev.limbic.v1.ListModelsRequest;
import dev.limbic.v1.ModelServiceGrpc;
import dev.limbic.v1.PixelFormat;
import dev.limbic.v1.RawImage;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A real server of models that read and find faces, with or without others that talk, and a clock that can be moved. */
final class FrameFixture implements AutoCloseable {
    static final int WINDOW = 4;
    static final int SUBJECTS = 3;

    final FakeFaceModels faces = new FakeFaceModels();
    final FakeLanguageModel language = new FakeLanguageModel("speaker");
    final Set<String> answeredBy = ConcurrentHashMap.newKeySet();
    final AtomicInteger came = new AtomicInteger();
    final AtomicInteger dropped = new AtomicInteger();
    final AtomicInteger openStreams = new AtomicInteger();
    final AtomicLong skippedNanos = new AtomicLong();
    final Interactions interactions;
    final GrpcServer server;
    private final ExecutorService completions = Executors.newSingleThreadExecutor();
    private final MicroBatcher eyes = new MicroBatcher("eyes", completions, BatchObserver.NONE, () -> {});
    private final MicroBatcher ears = new MicroBatcher("ears", completions, BatchObserver.NONE, () -> {});
    private final Workers workers = new Workers(2);
    private final ManagedChannel channel;

    /** @param talks whether there are models of text and language, too */
    FrameFixture(boolean talks) throws IOException {
        BatchPolicy policy = new BatchPolicy(1 << 20, 4, 64, Duration.ZERO);
        List<Served> served = new ArrayList<>(faces.on(eyes, policy));
        Scheduler scheduler = FakeGeneration.on(ears, language, 8, completions);
        if (talks) {
            served.add(new FakeTextModel("text").on(ears, policy));
            served.add(language.on(ears, scheduler));
        }
        Catalog catalog = new Catalog(served, Set.of());
        InputLimits limits = new InputLimits(1024, 1 << 16);
        Pipeline pipeline = new Pipeline(catalog, limits, workers);
        Dialogues dialogues = new Dialogues(
                pipeline,
                new ReplyPipeline(catalog, limits, workers, ReplyObserver.NONE),
                new ResponseStrategy(TestConfig.RULES),
                6);
        interactions = new Interactions(
                dialogues,
                new FacePipeline(pipeline, limits, new ImageDecoder(ImageLimits.DEFAULT), workers, Long.MAX_VALUE),
                new FrameRules(1e9, SUBJECTS, Duration.ofSeconds(10), new FrameRules.Smoothing(1, 0.2)),
                frames(),
                () -> System.nanoTime() + skippedNanos.get());
        WireSettings settings = new WireSettings(
                "127.0.0.1",
                0,
                4,
                1024,
                1 << 16,
                1 << 17,
                WINDOW,
                16,
                16,
                64 << 20,
                Duration.ofSeconds(60),
                60,
                SUBJECTS);
        server = GrpcServer.start(
                settings, pipeline, interactions, new ModelHealth(List.of()), streams(), TestConfig.unprotected());
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .flowControlWindow(65_535) // fixed, so that tests can say what a transport may buffer
                .build();
    }

    private FrameObserver frames() {
        return new FrameObserver() {
            @Override
            public void came() {
                came.incrementAndGet();
            }

            @Override
            public void dropped(Drop reason) {
                dropped.incrementAndGet();
            }
        };
    }

    private WireObserver streams() {
        return new WireObserver() {
            @Override
            public void answered(String method, String model, String status, long nanos) {
                answeredBy.add(model);
            }

            @Override
            public void streamOpened() {
                openStreams.incrementAndGet();
            }

            @Override
            public void streamClosed() {
                openStreams.decrementAndGet();
            }

            @Override
            public void defect(String method, Throwable cause) {
                throw new AssertionError(cause);
            }
        };
    }

    InteractClient open(InteractSetup.Builder setup, boolean reads) {
        InteractClient client = new InteractClient(reads);
        InteractionServiceGrpc.newStub(channel).interact(client);
        client.call().onNext(InteractRequest.newBuilder().setSetup(setup).build());
        return client;
    }

    InteractClient open() {
        return open(InteractSetup.newBuilder(), true);
    }

    Limits limits() {
        return ModelServiceGrpc.newBlockingStub(channel)
                .listModels(ListModelsRequest.getDefaultInstance())
                .getLimits();
    }

    /** A picture that the reader says this of. */
    static Image.Builder picture(int logit) {
        byte[] rgb = new byte[3 * FakeFaceModels.SIDE * FakeFaceModels.SIDE];
        rgb[0] = (byte) logit;
        return picture(rgb).setWhole(true);
    }

    /** A picture of faces at these columns, each as certain as is said in percent. */
    static Image.Builder faces(Map<Integer, Integer> certain) {
        byte[] rgb = new byte[3 * FakeFaceModels.SIDE * FakeFaceModels.SIDE];
        certain.forEach((column, percent) -> rgb[3 * column + 2] = percent.byteValue());
        return picture(rgb);
    }

    private static Image.Builder picture(byte[] rgb) {
        return Image.newBuilder()
                .setRaw(RawImage.newBuilder()
                        .setFormat(PixelFormat.PIXEL_FORMAT_RGB)
                        .setWidth(FakeFaceModels.SIDE)
                        .setHeight(FakeFaceModels.SIDE)
                        .setPixels(ByteString.copyFrom(rgb)));
    }

    static void see(InteractClient client, String subject, String id, long clientMicros, Image.Builder picture) {
        client.call()
                .onNext(InteractRequest.newBuilder()
                        .setEventId(id)
                        .setClientTimeMicros(clientMicros)
                        .setSubject(subject)
                        .setFrame(picture)
                        .build());
    }

    @Override
    public void close() {
        faces.stopHolding();
        language.stopHolding();
        WireFixture.disconnect(channel);
        server.close();
        workers.close();
        eyes.close();
        ears.close();
        completions.shutdown();
        WireFixture.requireNothingHeld(server);
    }
}
