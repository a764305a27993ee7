package dev.limbic.server.runtime;

import dev.limbic.generate.Scheduler;
import dev.limbic.model.Kinds;
import dev.limbic.model.LanguageModel;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.batch.Pace;
import dev.limbic.server.config.ServerConfig;
import java.util.concurrent.Executor;

/** Puts a language model onto a device as the server does, for fixtures that have no server. */
public final class FakeGeneration {
    private FakeGeneration() {}

    /**
     * Adds the model's steps to a device.
     *
     * @param queue most texts that wait
     * @param tellers hand tokens on
     */
    public static Scheduler on(MicroBatcher device, LanguageModel model, int queue, Executor tellers) {
        Resident<LanguageModel> resident = new Resident<>(Kinds.LANGUAGE, model.card(), () -> model, new Pace(1));
        ServerConfig.Generation settings = new ServerConfig.Generation(8, 64, queue);
        GenerationWork work = new GenerationWork(resident, settings, tellers, lost -> {
            throw lost;
        });
        device.add(work);
        return work.scheduler();
    }
}
