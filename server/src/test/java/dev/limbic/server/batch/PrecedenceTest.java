package dev.limbic.server.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** More work than the device can do: who goes first and who gives way. */
class PrecedenceTest extends OverloadFixture {
    @Test
    void whoHasHardlyTimeForABatchIsLeftBehindWhereManyOthersWouldRideCheaper() throws InterruptedException {
        Lane<Job, String> lane = laneWithFixedPart();
        hold(lane, 10);
        Recorder tight = submit(lane, "tight", 10, NORMAL, 130 * MS); // 65 or so are left for it when its turn comes
        Recorder last = tight;
        for (int i = 1; i <= 6; i++) {
            last = submit(lane, "r" + i, 10, NORMAL, 225 * MS);
        }
        gate.release();
        assertThat(tight.failure()).isInstanceOf(LimbicException.Overloaded.class);
        assertThat(last.result()).isEqualTo("r6");
        assertThat(batches).containsExactly("a[held]", "a[r1, r2, r3, r4, r5, r6]");
        assertThat(drops).containsExactly("a LATE");
    }

    @Test
    void nobodyIsLeftBehindWhereTheNextBatchIsSoonEnoughForTheOthers() throws InterruptedException {
        Lane<Job, String> lane = laneWithFixedPart();
        hold(lane, 10);
        Recorder tight = submit(lane, "tight", 10, NORMAL, 130 * MS);
        Recorder last = tight;
        for (int i = 1; i <= 6; i++) {
            last = submit(lane, "r" + i, 10, NORMAL, 1000 * MS);
        }
        gate.release();
        assertThat(tight.result()).isEqualTo("tight");
        assertThat(last.result()).isEqualTo("r6");
        assertThat(batches).containsExactly("a[held]", "a[tight]", "a[r1, r2, r3, r4, r5, r6]");
        assertThat(drops).isEmpty();
    }

    @Test
    void nobodyIsLeftBehindForLessUrgentWork() throws InterruptedException {
        Lane<Job, String> lane = laneWithFixedPart();
        hold(lane, 10);
        Recorder tight = submit(lane, "tight", 10, HIGH, 130 * MS);
        Recorder last = tight;
        for (int i = 1; i <= 6; i++) {
            last = submit(lane, "r" + i, 10, NORMAL, 225 * MS);
        }
        gate.release();
        assertThat(tight.result()).isEqualTo("tight");
        assertThat(last.failure()).isInstanceOf(LimbicException.Overloaded.class);
        awaitIdle(); // what is left behind is answered before the batch runs that leaves it behind
        assertThat(batches).containsExactly("a[held]", "a[tight]", "a[r1, r2, r3, r4, r5]");
    }

    @Test
    void moreUrgentWorkIsNotRefusedForWhatWaitsBehindIt() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        hold(lane, 10);
        for (int i = 0; i < 30; i++) {
            submit(lane, "low" + i, 100, LOW, NEVER);
        }
        assertRefused(lane, 10, LOW, 1000 * MS, 3043); // 1.1 % of the device went to NORMAL
        Recorder high = submit(lane, "high", 10, HIGH, 50 * MS);
        gate.release();
        assertThat(high.result()).isEqualTo("high");
        assertThat(batches.get(1)).startsWith("a[high");
    }

    @Test
    void inAFloodOfOverdueLowWorkHighWorkRidesInTheNextBatch() throws InterruptedException {
        policy = new BatchPolicy(100, 4, 64, Duration.ZERO);
        Lane<Job, String> lane = runningLane();
        hold(lane, 10);
        for (int i = 0; i < 12; i++) {
            submit(lane, "low" + i, 10, LOW, NEVER);
        }
        now.addAndGet(10 * LOW);
        Recorder high = submit(lane, "high", 10, HIGH, NEVER);
        gate.release();
        high.result();
        assertThat(batches).startsWith("a[held]", "a[high, low0, low1, low2]");
    }

    @Test
    void aFullQueueDisplacesTheLeastUrgentOfLowerPriority() throws InterruptedException {
        policy = new BatchPolicy(100, 8, 3, Duration.ZERO);
        Lane<Job, String> lane = runningLane();
        hold(lane, 30);
        Recorder low1 = submit(lane, "low1", 1, LOW, NEVER);
        Recorder normal = submit(lane, "normal", 1, NORMAL, NEVER);
        Recorder low2 = submit(lane, "low2", 1, LOW, NEVER);
        assertRefused(lane, 1, LOW, NEVER, 33);
        Recorder high1 = submit(lane, "high1", 1, HIGH, NEVER);
        assertThat(low2.failure())
                .isInstanceOfSatisfying(
                        LimbicException.Overloaded.class,
                        e -> assertThat(e.retryAfter()).isBetween(Duration.ofMillis(31), Duration.ofMillis(34)));
        Recorder high2 = submit(lane, "high2", 1, HIGH, NEVER);
        assertThat(low1.failure()).isInstanceOf(LimbicException.Overloaded.class);
        assertRefused(lane, 1, NORMAL, NEVER, 33);
        Recorder high3 = submit(lane, "high3", 1, HIGH, NEVER);
        assertThat(normal.failure()).isInstanceOf(LimbicException.Overloaded.class);
        assertRefused(lane, 1, HIGH, NEVER, 33);
        assertThat(lane.depth()).isEqualTo(3);
        gate.release();
        for (Recorder each : List.of(high1, high2, high3)) {
            each.result();
        }
        assertThat(batches).containsExactly("a[held]", "a[high1, high2, high3]");
        assertThat(drops).containsExactly("a DISPLACED", "a DISPLACED", "a DISPLACED");
    }

    @Test
    void nothingStarves() throws InterruptedException {
        policy = new BatchPolicy(100, 1, 64, Duration.ZERO);
        Lane<Job, String> a = runningLane();
        Lane<Job, String> b = lane("b", learnt());
        hold(a, 10);
        Recorder low = submit(a, "low", 1, LOW, NEVER);
        Recorder other = submit(b, "other", 1, LOW, NEVER);
        now.addAndGet(LOW);
        for (int i = 0; i < 40; i++) {
            submit(a, "high" + i, 1, HIGH, NEVER);
        }
        gate.release();
        low.result();
        other.result();
        assertThat(batches.indexOf("a[low]")).isBetween(2, Lanes.FAIR_EVERY + 1);
        assertThat(batches.indexOf("b[other]")).isBetween(2, 2 * Lanes.FAIR_EVERY + 1);
    }
}
