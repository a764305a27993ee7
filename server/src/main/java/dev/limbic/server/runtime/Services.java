package dev.limbic.server.runtime;

import dev.limbic.preprocess.image.codec.ImageDecoder;
import dev.limbic.preprocess.image.codec.ImageLimits;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.dialogue.ResponseStrategy;
import dev.limbic.server.pipeline.Catalog;
import dev.limbic.server.pipeline.FacePipeline;
import dev.limbic.server.pipeline.InputLimits;
import dev.limbic.server.pipeline.Pipeline;
import dev.limbic.server.pipeline.ReplyObserver;
import dev.limbic.server.pipeline.ReplyPipeline;
import dev.limbic.server.pipeline.Workers;
import dev.limbic.server.stream.FrameObserver;
import dev.limbic.server.stream.FrameRules;
import dev.limbic.server.stream.Interactions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** All that a server does, without its wire: the one wiring, for servers and for commands that talk to models themselves. */
public final class Services implements AutoCloseable {
    private final Devices devices;
    private final Workers workers;
    private final Pipeline pipeline;
    private final FacePipeline faces;
    private final Interactions interactions;
    private final ScheduledExecutorService forgetter = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("limbic-forgetter").factory());

    /** Without anybody who looks on; see {@link #Services(ServerConfig, List, BatchObserver, ReplyObserver, FrameObserver, DeviceObserver)}. */
    public Services(ServerConfig config, List<Host> hosts) {
        this(config, hosts, BatchObserver.NONE, ReplyObserver.NONE, FrameObserver.NONE, DeviceObserver.NONE);
    }

    /** @param hosts of all models of the configuration; owned by the services from now on */
    Services(
            ServerConfig config,
            List<Host> hosts,
            BatchObserver batches,
            ReplyObserver replies,
            FrameObserver frames,
            DeviceObserver deviceObserver) {
        devices = new Devices(hosts, config, batches, deviceObserver);
        workers = new Workers(config.workers());
        InputLimits limits =
                new InputLimits(config.limits().maxTextBytes(), config.limits().maxImageBytes());
        pipeline = new Pipeline(devices.catalog(), limits, workers);
        ImageLimits pictures = new ImageLimits(
                config.limits().maxImageBytes(), ImageLimits.DEFAULT.maxPixels(), ImageLimits.DEFAULT.maxSide());
        faces = new FacePipeline(
                pipeline,
                limits,
                new ImageDecoder(pictures),
                workers,
                config.limits().maxBytesInFlight());
        Dialogues dialogues = new Dialogues(
                pipeline,
                new ReplyPipeline(devices.catalog(), limits, workers, replies),
                new ResponseStrategy(config.dialogue().strategies()),
                config.dialogue().maxTurns());
        interactions = new Interactions(dialogues, faces, rules(config.frames()), frames, System::nanoTime);
        long nanos = config.frames().forgetAfter().toNanos();
        var _ = forgetter.scheduleWithFixedDelay(interactions::forgetSilent, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /** What is served. */
    public Catalog catalog() {
        return devices.catalog();
    }

    /** Reads inputs. */
    public Pipeline pipeline() {
        return pipeline;
    }

    /** Reads the faces of pictures. */
    public FacePipeline faces() {
        return faces;
    }

    /** Holds conversations. */
    public Dialogues dialogues() {
        return interactions.dialogues();
    }

    /** Holds streams. */
    Interactions interactions() {
        return interactions;
    }

    private static FrameRules rules(ServerConfig.Frames frames) {
        ServerConfig.Frames.Smoothing smoothing = frames.smoothing();
        return new FrameRules(
                frames.maxRate(),
                frames.maxSubjects(),
                frames.forgetAfter(),
                new FrameRules.Smoothing(smoothing.minCutoff(), smoothing.beta()));
    }

    /** Inputs and prompts that wait for a worker. */
    int waiting() {
        return workers.waiting();
    }

    /** Lets no batch wait to fill from now on. */
    void hurry() {
        devices.hurry();
    }

    /**
     * Refuses new work, lets accepted work finish within the grace, and gives the devices back.
     *
     * @return whether everything finished in time
     */
    boolean drain(Duration grace) throws InterruptedException {
        return devices.drain(grace);
    }

    @Override
    public void close() {
        forgetter.shutdownNow();
        workers.close();
        devices.close();
    }
}
