package dev.limbic.server.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Steps and batches share a device fairly. */
class StepperTest {
    private static final long NEVER = Long.MAX_VALUE;

    private final List<String> turns = new CopyOnWriteArrayList<>();
    private final Semaphore arrivals = new Semaphore(0);
    private final Semaphore gate = new Semaphore(0);
    private final ExecutorService completions = Executors.newSingleThreadExecutor();
    private static final BatchPolicy POLICY = new BatchPolicy(1, 1, 16, Duration.ZERO);
    private final MicroBatcher batcher =
            new MicroBatcher("test", completions, BatchObserver.NONE, () -> turns.add("stop"));

    @AfterEach
    void stop() {
        gate.release(1000);
        batcher.close();
        completions.shutdown();
    }

    /** Does as many steps as it was given; every step passes the gate. */
    private final class Steps implements Stepper {
        private final String name;
        private final AtomicInteger left = new AtomicInteger();

        Steps(String name) {
            this.name = name;
            batcher.add(this);
        }

        void give(int steps) {
            batcher.announce(() -> left.addAndGet(steps));
        }

        @Override
        public boolean hasWork() {
            return left.get() > 0;
        }

        @Override
        public void step() {
            turns.add(name);
            arrivals.release();
            gate.acquireUninterruptibly();
            left.decrementAndGet();
        }

        @Override
        public void failAll(LimbicException why) {
            if (left.getAndSet(0) > 0) {
                turns.add(name + " failed");
            }
        }
    }

    private Lane<String, String> lane() {
        return batcher.lane(
                "lane",
                batch -> {
                    turns.addAll(batch);
                    return batch;
                },
                POLICY,
                new Pace(1));
    }

    private static Recorder submit(Lane<String, String> lane, String payload) {
        Recorder recorder = new Recorder();
        lane.submit(payload, 1, 0, NEVER, recorder);
        return recorder;
    }

    private void awaitQuiet() throws InterruptedException {
        for (int i = 0; i < 500 && batcher.depth() > 0; i++) {
            Thread.sleep(10);
        }
    }

    @Test
    void stepsAndBatchesTakeTurns() throws InterruptedException {
        Steps steps = new Steps("step");
        steps.give(4);
        arrivals.acquire();
        Lane<String, String> lane = lane();
        submit(lane, "a");
        submit(lane, "b");
        Recorder last = submit(lane, "c");
        gate.release(4);
        assertThat(last.result()).isEqualTo("c");
        assertThat(turns).startsWith("step", "a", "step", "b", "step", "c"); // the fourth step may have begun
        arrivals.acquire(3);
    }

    @Test
    void severalSteppersTakeTurns() throws InterruptedException {
        Steps one = new Steps("one");
        Steps two = new Steps("two");
        one.give(3);
        arrivals.acquire();
        two.give(2);
        gate.release(5);
        arrivals.acquire(4);
        assertThat(turns).containsExactly("one", "two", "one", "two", "one");
    }

    @Test
    void drainingLetsStepsFinish() throws InterruptedException {
        Steps steps = new Steps("step");
        steps.give(2);
        arrivals.acquire();
        gate.release(2);
        assertThat(batcher.drain(Duration.ofSeconds(20))).isTrue();
        assertThat(turns).containsExactly("step", "step", "stop");
        assertThatThrownBy(() -> steps.give(1)).isInstanceOf(LimbicException.Unavailable.class);
    }

    @Test
    void stoppingFailsWhatIsLeft() throws InterruptedException {
        Steps steps = new Steps("step");
        steps.give(1_000_000);
        arrivals.acquire();
        Thread closing = Thread.ofPlatform().start(batcher::close);
        gate.release();
        for (int i = 0; i < 500 && !turns.contains("stop"); i++) {
            gate.release();
            Thread.sleep(10);
        }
        closing.join();
        assertThat(turns).endsWith("step failed", "stop");
    }

    @Test
    void aLostDeviceFailsStepsAndRefusesMore() throws InterruptedException {
        LimbicException.Unavailable lost = new LimbicException.Unavailable("lost", Duration.ofSeconds(1));
        Steps steps = new Steps("step");
        steps.give(1_000_000);
        arrivals.acquire();
        Lane<String, String> broken = batcher.lane(
                "broken",
                batch -> {
                    batcher.suspend(lost, () -> false);
                    throw lost;
                },
                POLICY,
                new Pace(1));
        Recorder breaking = submit(broken, "breaks");
        gate.release();
        assertThat(breaking.failure()).isSameAs(lost);
        awaitQuiet();
        for (int i = 0; i < 500 && !turns.contains("step failed"); i++) {
            Thread.sleep(10);
        }
        assertThat(turns).containsExactly("step", "step failed");
        assertThatThrownBy(() -> steps.give(1)).isSameAs(lost);
    }
}
