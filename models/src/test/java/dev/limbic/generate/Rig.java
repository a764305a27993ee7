package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/** A scheduler over a fake model, with a clock that stands still unless it is moved. */
final class Rig {
    final AtomicLong now = new AtomicLong(1000);
    final BlockPool pool;
    final Scheduler scheduler;
    final FakeModel model;
    final Generator generator;

    Rig(int blocks, int blockTokens, int context, int maxSequences, int chunkTokens) {
        this(blocks, blockTokens, new Scheduler.Limits(FakeModel.VOCABULARY, context, maxSequences, chunkTokens, 100));
    }

    Rig(int blocks, int blockTokens, Scheduler.Limits limits) {
        this(blocks, blockTokens, limits, Runnable::run);
    }

    Rig(int blocks, int blockTokens, Scheduler.Limits limits, Executor tellers) {
        pool = new BlockPool(blocks, blockTokens);
        scheduler = new Scheduler(limits, pool, FakeModel::bytes, TokenRules.NONE, tellers, now::get);
        model = new FakeModel(limits, pool);
        generator = new Generator(scheduler, model);
    }

    /** Room for everything, so that nothing gives way. */
    static Rig roomy() {
        return new Rig(400, 4, 300, 50, 1000);
    }

    static GenerationRequest request(Settings settings, int... prompt) {
        return new GenerationRequest(prompt, 0, settings.built(), 0, Long.MAX_VALUE);
    }

    /** What a request gives when nothing else is there. */
    static Heard alone(GenerationRequest request) {
        Rig rig = roomy();
        Heard heard = new Heard();
        rig.scheduler.submit(request, heard);
        rig.finish();
        return heard;
    }

    Heard submit(Settings settings, int... prompt) {
        Heard heard = new Heard();
        scheduler.submit(request(settings, prompt), heard);
        return heard;
    }

    void steps(int count) {
        for (int i = 0; i < count; i++) {
            generator.step();
        }
    }

    /** Runs until there is no work and checks that nothing is left behind. */
    void finish() {
        int left = 100_000;
        while (generator.step()) {
            assertThat(left--).as("steps left").isPositive();
        }
        requireQuiet();
    }

    void requireQuiet() {
        assertThat(scheduler.hasWork()).isFalse();
        assertThat(scheduler.blocksInUse()).isZero();
        assertThat(scheduler.active()).isZero();
        assertThat(scheduler.waiting()).isZero();
        assertThat(pool.inUse()).as("only what is cached").isEqualTo(scheduler.blocksCached());
    }
}
