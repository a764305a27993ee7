package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.LimbicException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Listeners hear from another thread than the one that has the device to feed. */
class TellingTest {
    private static final Scheduler.Limits LIMITS = new Scheduler.Limits(FakeModel.VOCABULARY, 100, 8, 64, 100);

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final Rig rig = new Rig(100, 4, LIMITS, tasks::add);

    private void tell() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
    }

    @Test
    void aStepIsToldAsOneTaskAndNotByTheOwner() {
        List<Heard> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(rig.submit(Settings.drawn(i, 2), i));
        }
        rig.steps(1);
        assertThat(tasks).as("one wake-up a step").hasSize(1);
        assertThat(all).as("the owner runs no listener").allMatch(heard -> heard.tokens.isEmpty());
        tell();
        assertThat(all).allMatch(heard -> heard.tokens.size() == 1);
        rig.steps(1);
        assertThat(tasks).as("last tokens and ends together").hasSize(1);
        assertThat(all).noneMatch(Heard::isFinished);
        tell();
        assertThat(all).allMatch(heard -> heard.tokens.size() == 2 && heard.reason() == FinishReason.LENGTH);
        assertThat(rig.generator.step()).isFalse();
        assertThat(tasks).as("nothing to tell, nobody woken").isEmpty();
        rig.requireQuiet();
    }

    @Test
    void whatEndsWithoutAStepIsToldToo() {
        Heard cancelled = new Heard();
        Sequence sequence = rig.scheduler.submit(Rig.request(Settings.greedy(50), 1), cancelled);
        rig.steps(2);
        tell();
        sequence.cancel();
        rig.scheduler.plan();
        assertThat(cancelled.isFinished()).isFalse();
        tell();
        assertThat(cancelled.reason()).isEqualTo(FinishReason.CANCELLED);
        Heard failed = rig.submit(Settings.greedy(50), 1);
        rig.scheduler.failAll(new LimbicException.Expired("gone"));
        tell();
        assertThat(failed.finish().failure()).hasMessage("gone");
    }

    @Test
    void aListenerThatThrowsLateHearsNoMoreTokensAndOneEnd() {
        Heard bad = rig.submit(Settings.greedy(50), 7).onToken(() -> {
            throw new IllegalStateException("full");
        });
        Heard good = rig.submit(Settings.greedy(9), 7);
        rig.steps(4);
        tell();
        assertThat(bad.tokens).as("three more were computed before it threw").hasSize(1);
        assertThat(bad.isFinished()).as("its blocks are not free yet").isFalse();
        rig.finish();
        tell();
        assertThat(bad.reason()).isEqualTo(FinishReason.FAILED);
        assertThat(bad.finish().failure()).hasRootCauseMessage("full");
        assertThat(good.tokens).hasSize(9);
    }

    @Test
    void tellingOnAnotherThreadChangesNoText() throws InterruptedException {
        ExecutorService teller = Executors.newSingleThreadExecutor();
        Set<Thread> told = ConcurrentHashMap.newKeySet();
        try {
            Rig threaded = new Rig(14, 4, new Scheduler.Limits(FakeModel.VOCABULARY, 54, 6, 16, 100), teller);
            Random random = new Random(5);
            List<GenerationRequest> requests = new ArrayList<>();
            List<Heard> all = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                int[] prompt = random.ints(random.nextInt(1, 25), 0, 39).toArray();
                requests.add(Rig.request(Settings.drawn(i, random.nextInt(1, 25)), prompt));
                all.add(new Heard().onToken(() -> told.add(Thread.currentThread())));
                threaded.scheduler.submit(requests.get(i), all.get(i));
                threaded.steps(random.nextInt(4));
            }
            threaded.finish();
            CountDownLatch last = new CountDownLatch(1);
            teller.execute(last::countDown);
            assertThat(last.await(20, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < all.size(); i++) {
                assertThat(all.get(i).story())
                        .isEqualTo(Rig.alone(requests.get(i)).story());
            }
        } finally {
            teller.shutdown();
        }
        assertThat(told).hasSize(1).doesNotContain(Thread.currentThread());
    }
}
