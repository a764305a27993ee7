package dev.limbic.server.dialogue;

import dev.limbic.domain.ResponseRules;
import dev.limbic.generate.Scheduler;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.pipeline.Catalog;
import dev.limbic.server.pipeline.InputLimits;
import dev.limbic.server.pipeline.Pipeline;
import dev.limbic.server.pipeline.ReplyObserver;
import dev.limbic.server.pipeline.ReplyPipeline;
import dev.limbic.server.pipeline.Workers;
import dev.limbic.server.runtime.FakeGeneration;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Conversations over fake models on one device, without a wire. */
final class DialogueFixture implements AutoCloseable {
    private static final int MAX_TEXT = 1024;

    final FakeTextModel reader = new FakeTextModel("reader");
    final FakeLanguageModel writer;
    final Scheduler scheduler;
    final Dialogues dialogues;
    private final MicroBatcher batcher;
    private final Workers workers = new Workers(2);
    private final ExecutorService completions = Executors.newSingleThreadExecutor();

    DialogueFixture(ResponseRules rules, int maxTurns) {
        this(rules, maxTurns, 64);
    }

    /** @param blocks of 16 tokens, which are the writer's cache */
    DialogueFixture(ResponseRules rules, int maxTurns, int blocks) {
        writer = new FakeLanguageModel("writer", blocks);
        batcher = new MicroBatcher("fake", completions, BatchObserver.NONE, () -> {});
        scheduler = FakeGeneration.on(batcher, writer, 64, completions);
        BatchPolicy policy = new BatchPolicy(64, 4, 64, Duration.ZERO);
        Catalog catalog = new Catalog(List.of(reader.on(batcher, policy), writer.on(batcher, scheduler)), Set.of());
        InputLimits limits = new InputLimits(MAX_TEXT, 1 << 20);
        dialogues = new Dialogues(
                new Pipeline(catalog, limits, workers),
                new ReplyPipeline(catalog, limits, workers, ReplyObserver.NONE),
                new ResponseStrategy(rules),
                maxTurns);
    }

    @Override
    public void close() {
        reader.stopHolding();
        writer.stopHolding();
        workers.close();
        batcher.close();
        completions.shutdown();
    }
}
