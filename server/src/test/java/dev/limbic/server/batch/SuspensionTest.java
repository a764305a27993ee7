package dev.limbic.server.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@link MicroBatcher#suspend}: a device that is lost, and perhaps repaired. */
class SuspensionTest {
    private static final String HOLD = "hold";

    private final Semaphore arrivals = new Semaphore(0);
    private final Semaphore gate = new Semaphore(0);
    private final ExecutorService completions = Executors.newSingleThreadExecutor();
    private static final BatchPolicy POLICY = new BatchPolicy(100, 8, 16, Duration.ZERO);
    private final MicroBatcher batcher = new MicroBatcher("test", completions, BatchObserver.NONE, () -> {});

    @AfterEach
    void stop() {
        gate.release(1000);
        batcher.close();
        completions.shutdown();
    }

    private Lane<String, String> lane(String name) {
        return batcher.lane(
                name,
                batch -> {
                    if (batch.contains(HOLD)) {
                        arrivals.release();
                        gate.acquireUninterruptibly();
                    }
                    return batch.stream().map(each -> each + "!").toList();
                },
                POLICY,
                new Pace(1));
    }

    private static Recorder submit(Lane<String, String> lane, String payload) {
        Recorder recorder = new Recorder();
        lane.submit(payload, 1, 0, Long.MAX_VALUE, recorder);
        return recorder;
    }

    @Test
    void aLostDeviceFailsWhatWaitsAndServesAgainWhenItIsRepaired() throws InterruptedException {
        Lane<String, String> lane = lane("a");
        LimbicException.Unavailable lost = new LimbicException.Unavailable("lost", Duration.ofSeconds(1));
        Semaphore repairing = new Semaphore(0);
        Lane<String, String> broken = batcher.lane(
                "broken",
                batch -> {
                    batcher.suspend(lost, () -> {
                        repairing.acquireUninterruptibly();
                        return true;
                    });
                    throw lost;
                },
                POLICY,
                new Pace(1));
        submit(lane, HOLD);
        arrivals.acquire();
        Recorder breaking = submit(broken, "breaks");
        Recorder waiting = submit(lane, "waits");
        gate.release();
        assertThat(breaking.failure()).isSameAs(lost);
        assertThat(waiting.failure()).isSameAs(lost);
        assertThatThrownBy(() -> submit(lane, "during the repair")).isSameAs(lost);
        assertThat(batcher.depth()).as("nothing waits").isZero();
        repairing.release();
        assertThat(resubmit(lane, "after").result()).isEqualTo("after!");
    }

    @Test
    void aDeviceThatCannotBeRepairedRefusesForGood() throws InterruptedException {
        LimbicException.Unavailable lost = new LimbicException.Unavailable("lost", Duration.ofSeconds(1));
        Lane<String, String> broken = batcher.lane(
                "broken",
                batch -> {
                    batcher.suspend(lost, () -> false);
                    throw lost;
                },
                POLICY,
                new Pace(1));
        assertThat(submit(broken, "breaks").failure()).isSameAs(lost);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> submit(broken, "later")).isSameAs(lost);
        }
        assertThat(batcher.drain(Duration.ofSeconds(10))).isTrue();
    }

    /** Until the repair has been noticed. */
    private static Recorder resubmit(Lane<String, String> lane, String payload) {
        while (true) {
            try {
                return submit(lane, payload);
            } catch (LimbicException.Unavailable notYet) {
                Thread.onSpinWait();
            }
        }
    }
}
