package dev.limbic.server.runtime;

import dev.limbic.domain.Input;
import dev.limbic.domain.Prepared;
import dev.limbic.model.BatchKind;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.LanguageKind;
import dev.limbic.model.LanguageModel;
import dev.limbic.model.Model;
import dev.limbic.natives.Scheduling;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.Lane;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.pipeline.Catalog;
import dev.limbic.server.pipeline.Served;
import dev.limbic.server.pipeline.ServedLanguage;
import dev.limbic.server.pipeline.ServedModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** One batcher per device, and on it a place for each model. Closes hosts on the threads that own their devices. */
final class Devices implements AutoCloseable {
    private final ServerConfig config;
    private final List<MicroBatcher> batchers = new ArrayList<>();
    private final ExecutorService completions;
    private final Catalog catalog;

    /**
     * @param hosts not used by another thread any more
     * @param config says how work is gathered and which models are the default ones
     */
    Devices(List<Host> hosts, ServerConfig config, BatchObserver batches, DeviceObserver devices) {
        this.config = config;
        this.completions = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("limbic-answers").daemon(true).factory());
        completions.execute(Scheduling::interruptNobody);
        List<Served> served = new ArrayList<>();
        for (Host host : hosts) {
            MicroBatcher batcher = new MicroBatcher(host.name(), completions, batches, host::close);
            batchers.add(batcher);
            Recovery recovery = new Recovery(host, batcher, devices);
            for (Resident<?> resident : host.residents()) {
                served.add(place(resident, batcher, recovery::lost));
            }
        }
        List<String> order = config.models().stream().map(ModelConfig::name).toList();
        served.sort(Comparator.comparingInt(each -> order.indexOf(each.name())));
        this.catalog = new Catalog(
                served,
                config.models().stream()
                        .filter(ModelConfig::isDefault)
                        .map(ModelConfig::name)
                        .collect(Collectors.toSet()));
    }

    private Served place(Resident<?> resident, MicroBatcher batcher, Consumer<DeviceException> lost) {
        return switch (resident.kind()) {
            case BatchKind<?, ?, ?, ?> kind -> lane(kind, resident, batcher, lost);
            case LanguageKind kind -> stepper(resident.as(kind), batcher, lost);
        };
    }

    private <I extends Input, P extends Prepared, R, A> Served lane(
            BatchKind<I, P, R, A> kind, Resident<?> any, MicroBatcher batcher, Consumer<DeviceException> lost) {
        Resident<Model<I, P, R, A>> resident = any.as(kind);
        ModelWork<I, P, R, A> work = new ModelWork<>(resident, lost);
        Lane<P, R> lane = batcher.lane(resident.name(), work, policy(config.batch(), kind.unit()), resident.pace());
        return new ServedModel<>(kind, resident.card(), resident.source(), lane);
    }

    /** How rows that are measured in this unit are gathered. */
    static BatchPolicy policy(ServerConfig.Batch batch, BatchKind.Unit unit) {
        int maxCost = switch (unit) {
            case TOKENS -> batch.maxTokens();
            case PIXELS -> batch.maxPixels();
        };
        return new BatchPolicy(maxCost, batch.maxRows(), batch.queueRows(), batch.maxDelay());
    }

    private Served stepper(Resident<LanguageModel> resident, MicroBatcher batcher, Consumer<DeviceException> lost) {
        GenerationWork work = new GenerationWork(resident, config.generation(), completions, lost);
        batcher.add(work);
        return new ServedLanguage((LanguageCard) resident.card(), resident.source(), work.scheduler(), batcher);
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

    /** What is served. */
    Catalog catalog() {
        return catalog;
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
