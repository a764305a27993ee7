package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.generate.Scheduler;
import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.server.FakeFaces;
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
import dev.limbic.server.security.Protection;
import dev.limbic.server.stream.FrameObserver;
import dev.limbic.server.stream.FrameRules;
import dev.limbic.server.stream.Interactions;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.ListModelsRequest;
import dev.limbic.v1.ListModelsResponse;
import dev.limbic.v1.ModelServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/** A real server on a free loopback port, with two fake models on one device, and a client. */
final class WireFixture implements AutoCloseable {
    static final int WINDOW = 4;

    /** Calls beside which something has to stand still. */
    private static final int BESIDE = 40;

    static final int QUEUE = 8;
    private static final FrameRules FRAMES =
            new FrameRules(60, 3, Duration.ofSeconds(10), new FrameRules.Smoothing(1, 0.2));
    static final int MAX_IMAGE = 100_000;

    final FakeTextModel first = new FakeTextModel("first");
    final FakeFaces faces = new FakeFaces();
    final FakeTextModel second = new FakeTextModel("second");
    final Map<String, AtomicInteger> answered = new ConcurrentHashMap<>();
    final List<Throwable> defects = new CopyOnWriteArrayList<>();
    final AtomicInteger openStreams = new AtomicInteger();
    final AtomicInteger cancelled = new AtomicInteger();
    final AtomicInteger expired = new AtomicInteger();
    final FakeLanguageModel language = new FakeLanguageModel("speaker");
    final Scheduler scheduler;
    final MicroBatcher batcher;
    final GrpcServer server;
    final ManagedChannel channel;
    private final Workers workers = new Workers(2);
    private final ExecutorService completions = Executors.newSingleThreadExecutor();

    WireFixture() throws IOException {
        this(64);
    }

    WireFixture(int maxCalls) throws IOException {
        this(maxCalls, true);
    }

    static final int CONNECTIONS = 40;

    WireFixture(int maxCalls, boolean speaks) throws IOException {
        this(maxCalls, 64 << 20, speaks, TestConfig.unprotected());
    }

    WireFixture(int maxCalls, boolean speaks, Protection protection) throws IOException {
        this(maxCalls, 64 << 20, speaks, protection);
    }

    WireFixture(int maxCalls, long maxBytes, boolean speaks) throws IOException {
        this(maxCalls, maxBytes, speaks, TestConfig.unprotected());
    }

    WireFixture(int maxCalls, long maxBytes, boolean speaks, Protection protection) throws IOException {
        this(maxCalls, maxBytes, speaks, false, protection);
    }

    /** With models for pictures. */
    static WireFixture seeing(long maxBytes, Protection protection) throws IOException {
        return new WireFixture(64, maxBytes, false, true, protection);
    }

    private WireFixture(int maxCalls, long maxBytes, boolean speaks, boolean sees, Protection protection)
            throws IOException {
        BatchObserver drops = new BatchObserver() {
            @Override
            public void ran(String lane, int rows, int cost, long computeNanos) {}

            @Override
            public void waited(String lane, long queueNanos) {}

            @Override
            public void dropped(String lane, Drop reason) {
                (reason == Drop.CANCELLED ? cancelled : expired).incrementAndGet();
            }

            @Override
            public void failed(String lane, int rows, Throwable cause) {}
        };
        batcher = new MicroBatcher("cpu", completions, drops, () -> {});
        scheduler = FakeGeneration.on(batcher, language, QUEUE, completions);
        BatchPolicy policy = new BatchPolicy(64, 4, QUEUE, Duration.ZERO);
        List<Served> served = new ArrayList<>(List.of(first.on(batcher, policy), second.on(batcher, policy)));
        if (speaks) {
            served.add(language.on(batcher, scheduler));
        }
        if (sees) {
            served.addAll(faces.on(batcher));
        }
        Catalog catalog = new Catalog(served, Set.of());
        InputLimits limits = new InputLimits(1024, MAX_IMAGE);
        Pipeline pipeline = new Pipeline(catalog, limits, workers);
        FacePipeline pictures =
                new FacePipeline(pipeline, limits, new ImageDecoder(ImageLimits.DEFAULT), workers, Long.MAX_VALUE);
        Dialogues dialogues = new Dialogues(
                pipeline,
                new ReplyPipeline(catalog, limits, workers, ReplyObserver.NONE),
                new ResponseStrategy(TestConfig.RULES),
                6);
        WireSettings settings = new WireSettings(
                "127.0.0.1",
                0,
                CONNECTIONS,
                1024,
                MAX_IMAGE,
                8192,
                WINDOW,
                maxCalls,
                100,
                maxBytes,
                Duration.ofSeconds(60),
                60,
                3);
        ModelHealth health = new ModelHealth(List.of("first", "second"));
        server = GrpcServer.start(
                settings,
                pipeline,
                new Interactions(dialogues, pictures, FRAMES, FrameObserver.NONE, System::nanoTime),
                health,
                observer(),
                protection);
        channel = channel();
    }

    private WireObserver observer() {
        return new WireObserver() {
            @Override
            public void answered(String method, String model, String status, long nanos) {
                answered.computeIfAbsent(method + " " + model + " " + status, key -> new AtomicInteger())
                        .incrementAndGet();
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
                defects.add(cause);
            }
        };
    }

    ManagedChannel channel() {
        return NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .flowControlWindow(65_535) // fixed, so that tests can say what a transport may buffer
                .build();
    }

    EmotionServiceGrpc.EmotionServiceBlockingStub blocking() {
        return EmotionServiceGrpc.newBlockingStub(channel);
    }

    EmotionServiceGrpc.EmotionServiceStub async() {
        return EmotionServiceGrpc.newStub(channel);
    }

    DialogueServiceGrpc.DialogueServiceBlockingStub dialogue() {
        return DialogueServiceGrpc.newBlockingStub(channel);
    }

    InteractionServiceGrpc.InteractionServiceStub interaction() {
        return InteractionServiceGrpc.newStub(channel);
    }

    ListModelsResponse models() {
        return ModelServiceGrpc.newBlockingStub(channel).listModels(ListModelsRequest.getDefaultInstance());
    }

    /**
     * Waits until something was done and no more of it is while other calls are answered. They go the way that it goes, behind
     * it on the same connection, through the same threads and to the same device, so that what stands still does not do so
     * because the machine does.
     */
    long awaitSettled(LongSupplier done) {
        long before = 0;
        for (int calm = 0; calm < BESIDE; ) {
            blocking().analyze(AnalyzeRequest.newBuilder().setText("beside").build());
            long now = done.getAsLong();
            calm = now > 0 && now == before ? calm + 1 : 0;
            before = now;
        }
        return before;
    }

    int answered(String key) {
        AtomicInteger count = answered.get(key);
        return count == null ? 0 : count.get();
    }

    @Override
    public void close() {
        first.stopHolding();
        second.stopHolding();
        language.stopHolding();
        faces.stopHolding();
        disconnect(channel);
        server.close();
        workers.close();
        batcher.close();
        completions.shutdown();
        requireNothingHeld(server);
    }

    static void disconnect(ManagedChannel channel) {
        channel.shutdownNow();
        try {
            channel.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Of a server whose calls have all ended. */
    static void requireNothingHeld(GrpcServer server) {
        for (int i = 0; i < 4000 && server.bytesInFlight() != 0; i++) {
            LockSupport.parkNanos(5_000_000);
        }
        assertThat(server.bytesInFlight())
                .as("bytes that are held without a call")
                .isZero();
    }
}
