package dev.limbic.server.runtime;

import dev.limbic.domain.Encoding;
import dev.limbic.model.LanguageModel;
import dev.limbic.model.TextModel;
import dev.limbic.natives.Scheduling;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.Lane;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.LanguageConfig;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.pipeline.Languages;
import dev.limbic.server.pipeline.Models;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** One batcher per device, one lane per model. Closes hosts on the threads that own their devices. */
final class Devices implements AutoCloseable {
    private final List<MicroBatcher> batchers = new ArrayList<>();
    private final ExecutorService completions;
    private final Models models;
    private final Languages languages;

    /**
     * @param hosts not used by another thread any more
     * @param config says how work is gathered and which models are the default ones
     */
    Devices(List<Host> hosts, ServerConfig config, BatchObserver batches, DeviceObserver devices) {
        ServerConfig.Batch batch = config.batch();
        BatchPolicy policy = new BatchPolicy(batch.maxTokens(), batch.maxRows(), batch.queueRows(), batch.maxDelay());
        this.completions = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("limbic-answers").daemon(true).factory());
        completions.execute(Scheduling::interruptNobody);
        List<Models.Served> served = new ArrayList<>();
        List<Languages.Served> speaking = new ArrayList<>();
        for (Host host : hosts) {
            MicroBatcher batcher = new MicroBatcher(host.name(), policy, completions, batches, host::close);
            batchers.add(batcher);
            Recovery recovery = new Recovery(host, batcher, devices);
            for (TextModel model : host.models()) {
                ModelWork work = new ModelWork(model, recovery::lost);
                Lane<Encoding, float[]> lane = batcher.lane(model.card().name(), work, host.pace(model));
                served.add(new Models.Served(model, lane));
            }
            for (LanguageModel model : host.languages()) {
                GenerationWork work = new GenerationWork(model, config.generation(), completions, recovery::lost);
                batcher.add(work);
                speaking.add(new Languages.Served(model, work.scheduler(), batcher));
            }
        }
        List<String> order = config.models().stream().map(ModelConfig::name).toList();
        served.sort(Comparator.comparingInt(each -> order.indexOf(each.name())));
        List<String> languageOrder =
                config.languages().stream().map(LanguageConfig::name).toList();
        speaking.sort(Comparator.comparingInt(each -> languageOrder.indexOf(each.name())));
        this.models = new Models(served, config.defaultModel());
        this.languages = new Languages(speaking, config.defaultLanguage());
    }

    /** Opens a lost device again, once. Belongs to the thread that owns the device. */
    private static final class Recovery {
        private final Host host;
        private final MicroBatcher batcher;
        private final DeviceObserver observer;
        private boolean tried;

        Recovery(Host host, MicroBatcher batcher, DeviceObserver observer) {
            this.host = host;
            this.batcher = batcher;
            this.observer = observer;
        }

        void lost(DeviceException cause) {
            observer.lost(host, cause);
            batcher.suspend(ModelWork.unavailable(host.name()), this::repair);
        }

        private boolean repair() {
            if (!tried && host.canRebuild()) {
                tried = true;
                try {
                    host.rebuild();
                    observer.restored(host);
                    return true;
                } catch (Throwable failed) {
                    observer.lost(host, failed);
                }
            }
            observer.abandoned(host);
            return false;
        }
    }

    Models models() {
        return models;
    }

    Languages languages() {
        return languages;
    }

    /** Rows that wait for any device. */
    int depth() {
        return batchers.stream().mapToInt(MicroBatcher::depth).sum();
    }

    /** Lets no batch wait to fill from now on. */
    void hurry() {
        batchers.forEach(MicroBatcher::hurry);
    }

    /**
     * Refuses new work, lets accepted work finish within the grace, and gives the devices back.
     *
     * @return whether everything finished in time
     */
    boolean drain(Duration grace) throws InterruptedException {
        long end = System.nanoTime() + grace.toNanos();
        boolean finished = true;
        for (MicroBatcher batcher : batchers) {
            finished &= batcher.drain(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
        return finished;
    }

    @Override
    public void close() {
        batchers.forEach(MicroBatcher::close);
        completions.shutdown();
    }
}
