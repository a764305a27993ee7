package dev.limbic.server.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.ResponseRules;
import dev.limbic.generate.Scheduler;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.pipeline.Languages;
import dev.limbic.server.pipeline.Models;
import dev.limbic.server.pipeline.ReplyObserver;
import dev.limbic.server.pipeline.ReplyPipeline;
import dev.limbic.server.pipeline.TextPipeline;
import dev.limbic.server.pipeline.TextWorkers;
import dev.limbic.server.runtime.FakeGeneration;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;

/** Conversations over fake models on one device, without a wire. */
final class DialogueFixture implements AutoCloseable {
    private static final int MAX_TEXT = 1024;

    final FakeTextModel reader = new FakeTextModel("reader");
    final FakeLanguageModel writer;
    final Scheduler scheduler;
    final Dialogues dialogues;
    private final MicroBatcher batcher;
    private final TextWorkers workers = new TextWorkers(2);
    private final ExecutorService completions = Executors.newSingleThreadExecutor();

    DialogueFixture(ResponseRules rules, int maxTurns) {
        this(rules, maxTurns, 64);
    }

    /** @param blocks of 16 tokens, which are the writer's cache */
    DialogueFixture(ResponseRules rules, int maxTurns, int blocks) {
        writer = new FakeLanguageModel("writer", blocks);
        batcher = new MicroBatcher(
                "fake", new BatchPolicy(64, 4, 64, Duration.ZERO), completions, BatchObserver.NONE, () -> {});
        Models models = new Models(
                List.of(new Models.Served(reader, batcher.lane("reader", b -> List.of(reader.logits(b))))), "reader");
        scheduler = FakeGeneration.on(batcher, writer, 64, completions);
        Languages languages = new Languages(List.of(new Languages.Served(writer, scheduler, batcher)), "writer");
        dialogues = new Dialogues(
                new TextPipeline(models, MAX_TEXT, workers),
                new ReplyPipeline(languages, MAX_TEXT, workers, ReplyObserver.NONE),
                new ResponseStrategy(rules),
                maxTurns);
    }

    static void await(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 4000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(5);
        }
        assertThat(condition.getAsBoolean()).as("within 20 s").isTrue();
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
