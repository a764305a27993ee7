package dev.limbic.server;

import dev.limbic.domain.Encoding;
import dev.limbic.model.TextModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.Lane;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.pipeline.Models;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** One batcher per device, one lane per model. Closes the models on the threads that own their devices. */
final class Devices implements AutoCloseable {
    private final Map<String, MicroBatcher> byDevice = new LinkedHashMap<>();
    private final ExecutorService completions;
    private final Models models;

    /**
     * @param loaded models, not used by another thread any more
     * @param defaultName name of the one that requests without a model name go to
     */
    Devices(List<TextModel> loaded, String defaultName, BatchPolicy policy, BatchObserver observer) {
        this.completions = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("limbic-answers").daemon(true).factory());
        Map<String, List<TextModel>> onDevice = new LinkedHashMap<>();
        for (TextModel model : loaded) {
            onDevice.computeIfAbsent(model.card().device(), device -> new ArrayList<>())
                    .add(model);
        }
        onDevice.forEach((device, residents) -> byDevice.put(
                device,
                new MicroBatcher(device, policy, completions, observer, () -> residents.forEach(TextModel::close))));
        List<Models.Served> served = new ArrayList<>();
        for (TextModel model : loaded) {
            MicroBatcher batcher = byDevice.get(model.card().device());
            Lane<Encoding, float[]> lane = java.util.Objects.requireNonNull(batcher)
                    .lane(model.card().name(), batch -> List.of(model.logits(batch)));
            served.add(new Models.Served(model, lane));
        }
        this.models = new Models(served, defaultName);
    }

    Models models() {
        return models;
    }

    /** Rows that wait for any device. */
    int depth() {
        return byDevice.values().stream().mapToInt(MicroBatcher::depth).sum();
    }

    /** Refuses new work from now on. */
    void refuse() {
        byDevice.values().forEach(MicroBatcher::refuse);
    }

    /**
     * Refuses new work, lets accepted work finish within the grace, and gives the devices back.
     *
     * @return whether everything finished in time
     */
    boolean drain(Duration grace) throws InterruptedException {
        long end = System.nanoTime() + grace.toNanos();
        boolean finished = true;
        for (MicroBatcher batcher : byDevice.values()) {
            finished &= batcher.drain(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
        return finished;
    }

    @Override
    public void close() {
        byDevice.values().forEach(MicroBatcher::close);
        completions.shutdown();
    }
}
