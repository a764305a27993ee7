package dev.limbic.server.runtime;

import dev.limbic.domain.LimbicException;
import dev.limbic.generate.BlockPool;
import dev.limbic.generate.Choice;
import dev.limbic.generate.Generator;
import dev.limbic.generate.Scheduler;
import dev.limbic.generate.Step;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.LanguageModel;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.batch.Stepper;
import dev.limbic.server.config.ServerConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * What a language model's turns on its device are: steps of its scheduler, with the device's failures turned into what
 * clients are told.
 */
final class GenerationWork implements Stepper {
    private static final Duration RETRY_WHEN_TOO_LARGE = Duration.ofSeconds(1);

    private final Resident<LanguageModel> resident;
    private final Consumer<DeviceException> lost;
    private final Scheduler scheduler;
    private final Generator generator;

    /**
     * @param tellers hand tokens on, one task after the other, on another thread than the device's
     * @param lost told when the device answers nothing any more
     */
    GenerationWork(
            Resident<LanguageModel> resident,
            ServerConfig.Generation settings,
            Executor tellers,
            Consumer<DeviceException> lost) {
        this.resident = resident;
        this.lost = lost;
        LanguageModel model = resident.model();
        LanguageCard card = model.card();
        Scheduler.Limits limits = new Scheduler.Limits(
                card.vocabulary(), card.maxTokens(), settings.maxSequences(), settings.chunkTokens(), settings.queue());
        BlockPool pool = new BlockPool(model.blocks(), model.blockTokens());
        this.scheduler = new Scheduler(
                limits, pool, id -> resident.model().of(id), card.sampling().rules(), tellers, System::nanoTime);
        this.generator = new Generator(scheduler, this::run);
    }

    Scheduler scheduler() {
        return scheduler;
    }

    private List<Choice> run(Step step) {
        try {
            return resident.model().run(step);
        } catch (DeviceException e) {
            throw switch (e.kind()) {
                case OUT_OF_MEMORY ->
                    new LimbicException.Overloaded(
                            "the memory of device " + resident.card().device() + " does not hold a step of "
                                    + step.rows() + " tokens",
                            RETRY_WHEN_TOO_LARGE);
                case LOST -> {
                    lost.accept(e);
                    yield ModelWork.unavailable(resident.card().device());
                }
                case MISSING, REFUSED -> e;
            };
        }
    }

    @Override
    public boolean hasWork() {
        return scheduler.hasWork();
    }

    @Override
    public void step() {
        generator.step();
    }

    @Override
    public void failAll(LimbicException why) {
        scheduler.failAll(why);
    }
}
