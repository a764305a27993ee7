package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.generate.Scheduler;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.MicroBatcher;
import dev.limbic.server.runtime.FakeGeneration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a reply's listener does, encoding and sending, is never done by the thread that owns the device. */
class ReplyThreadTest {
    @Test
    void noListenerIsCalledOnTheDevicesThread() throws InterruptedException {
        FakeLanguageModel model = new FakeLanguageModel("speaker");
        ExecutorService answers = Executors.newSingleThreadExecutor();
        List<Thread> computing = new CopyOnWriteArrayList<>();
        List<Thread> telling = new CopyOnWriteArrayList<>();
        model.whileComputing(step -> computing.add(Thread.currentThread()));
        try (MicroBatcher device = new MicroBatcher("test", answers, BatchObserver.NONE, () -> {})) {
            Scheduler scheduler = FakeGeneration.on(device, model, 8, answers);
            Catalog catalog = new Catalog(List.of(model.on(device, scheduler)), Set.of());
            ReplyPipeline pipeline = new ReplyPipeline(
                    catalog,
                    new InputLimits(1024, 1 << 20),
                    Runnable::run,
                    (name, reason, count, first, all) -> telling.add(Thread.currentThread()));
            CountDownLatch ended = new CountDownLatch(3);
            for (int i = 0; i < 3; i++) {
                ReplyRequest request = new ReplyRequest(
                        "",
                        new ReplyRequest.Prompt("hello"),
                        null,
                        SamplingWish.DEFAULT,
                        Priority.NORMAL,
                        Long.MAX_VALUE);
                pipeline.reply(request, new ReplyListener() {
                    @Override
                    public void token(GeneratedToken token) {
                        telling.add(Thread.currentThread());
                    }

                    @Override
                    public void finished(Finish finish, long firstTokenNanos, long totalNanos) {
                        telling.add(Thread.currentThread());
                        ended.countDown();
                    }
                });
            }
            assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        } finally {
            answers.shutdown();
        }
        assertThat(computing).isNotEmpty();
        assertThat(telling).hasSizeGreaterThan(6).doesNotContainAnyElementsOf(computing);
    }
}
