package dev.limbic.server.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** More work than the device can do: who is refused and who is dropped. */
class OverloadTest extends OverloadFixture {
    @Test
    void whatCannotBeDoneInTimeIsRefusedAtTheDoor() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        hold(lane, 100);
        now.addAndGet(40 * MS); // 60 are left
        assertRefused(lane, 10, NORMAL, 60 * MS, 60);
        Recorder first = submit(lane, "first", 10, NORMAL, 90 * MS);
        assertRefused(lane, 10, NORMAL, 75 * MS, 70); // it would be done after 80
        Recorder second = submit(lane, "second", 10, NORMAL, 100 * MS);
        now.addAndGet(-40 * MS);
        gate.release();
        assertThat(first.result()).isEqualTo("first");
        assertThat(second.result()).isEqualTo("second");
        assertThat(batches).containsExactly("a[held]", "a[first, second]");
        assertThat(drops).isEmpty();
    }

    @Test
    void lookingTellsWhatSubmittingWould() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        hold(lane, 100);
        assertThatThrownBy(() -> lane.requireRoom(10, NORMAL, 100 * MS)).isInstanceOf(LimbicException.Overloaded.class);
        lane.requireRoom(10, NORMAL, 150 * MS);
        assertThatThrownBy(() -> lane.requireRoom(10, NORMAL, 0)).isInstanceOf(LimbicException.Expired.class);
        assertThat(lane.depth()).isZero();
    }

    @Test
    void anIdleDeviceTakesWhatItCanDoInTimeAndRefusesWhatItCannot() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        assertThat(submit(lane, "just", 10, NORMAL, 13 * MS).result()).isEqualTo("just");
        awaitIdle();
        assertRefused(lane, 10, NORMAL, 8 * MS, 3); // 10, and .8 for the way
    }

    @Test
    void whereNothingIsKnownEverythingIsAccepted() throws InterruptedException {
        Lane<Job, String> lane = lane("a", new Pace(64));
        hold(lane, 10);
        Recorder accepted = submit(lane, "accepted", 10, NORMAL, 20 * MS);
        gate.release();
        assertThat(accepted.result()).isEqualTo("accepted");
    }

    @Test
    void whatWaitsLongerThanWasThoughtIsDroppedBeforeTheDevice() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        hold(lane, 10);
        Recorder late = submit(lane, "late", 40, NORMAL, 100 * MS);
        Recorder inTime = submit(lane, "in time", 40, NORMAL, 200 * MS);
        now.addAndGet(70 * MS); // with the batch's own time 80 are gone
        gate.release();
        assertThat(late.failure())
                .isInstanceOfSatisfying(
                        LimbicException.Overloaded.class,
                        e -> assertThat(e.retryAfter()).isPositive());
        assertThat(inTime.result()).isEqualTo("in time");
        assertThat(batches).containsExactly("a[held]", "a[in time]");
        assertThat(drops).containsExactly("a LATE");
    }

    @Test
    void aBatchIsAsLongAsItsMostUrgentRiderHasTime() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        hold(lane, 100);
        List<Recorder> all = new ArrayList<>();
        all.add(submit(lane, "urgent", 10, NORMAL, 130 * MS));
        for (int i = 1; i <= 4; i++) {
            all.add(submit(lane, "r" + i, 10, NORMAL, 1000 * MS));
        }
        gate.release();
        for (Recorder each : all) {
            each.result();
        }
        assertThat(batches).containsExactly("a[held]", "a[urgent, r1]", "a[r2, r3, r4]");
    }

    @Test
    void whereMuchWaitsWhoHasTooLittleTimeForTheUsualBatchIsRefused() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        for (int round = 0; round < 20; round++) {
            hold(lane, 100);
            Recorder crowd = submit(lane, "crowd", 100, NORMAL, NEVER);
            gate.release();
            crowd.result();
            awaitIdle();
        }
        hold(lane, 100);
        // Alone it would be done after 110, but batches are of 100 here: it would make the next one small.
        assertRefused(lane, 10, NORMAL, 140 * MS, 100);
        Recorder patient = submit(lane, "patient", 10, NORMAL, 220 * MS);
        Recorder high = submit(lane, "high", 10, HIGH, 140 * MS); // of its kind nothing waited
        gate.release();
        assertThat(patient.result()).isEqualTo("patient");
        assertThat(high.result()).isEqualTo("high");
    }

    @Test
    void whatOtherLanesDoFirstCountsToo() throws InterruptedException {
        Lane<Job, String> a = runningLane();
        Lane<Job, String> b = lane("b", learnt());
        run(b, 1);
        hold(a, 50);
        submit(b, "b1", 100, NORMAL, NEVER);
        assertRefused(a, 10, NORMAL, 120 * MS, 150);
        submit(a, "high", 10, HIGH, 80 * MS);
        submit(a, "normal", 10, NORMAL, 200 * MS);
    }

    @Test
    void stepsInBetweenCountToo() throws InterruptedException {
        Semaphore stepped = new Semaphore(0);
        Semaphore allowed = new Semaphore(0);
        AtomicLong left = new AtomicLong();
        batcher.add(new Stepper() {
            @Override
            public boolean hasWork() {
                return left.get() > 0;
            }

            @Override
            public void step() {
                stepped.release();
                allowed.acquireUninterruptibly();
                now.addAndGet(30 * MS);
                left.decrementAndGet();
            }

            @Override
            public void failAll(LimbicException why) {
                left.set(0);
            }
        });
        Lane<Job, String> lane = runningLane();
        allowed.release(3);
        batcher.announce(() -> left.addAndGet(3)); // three steps teach how long one takes
        stepped.acquire(3);
        awaitIdle();
        hold(lane, 20);
        batcher.announce(() -> left.addAndGet(1));
        assertRefused(lane, 10, NORMAL, 55 * MS, 50); // 20, a step of 30, 10
        Recorder accepted = submit(lane, "accepted", 10, NORMAL, 70 * MS);
        allowed.release();
        gate.release();
        assertThat(accepted.result()).isEqualTo("accepted");
    }

    @Test
    void aWrongEstimateHealsItself() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        nanosPerCost.set(100 * MS);
        for (int i = 0; i < 40; i++) {
            run(lane, 10);
        }
        nanosPerCost.set(MS);
        assertTooBusy(lane);
        now.addAndGet(TRUST - MS);
        assertTooBusy(lane);
        now.addAndGet(MS);
        assertThat(submit(lane, "probe", 10, NORMAL, 50 * MS).result()).isEqualTo("probe");
        awaitIdle();
        assertThat(submit(lane, "next", 10, NORMAL, 50 * MS).result()).isEqualTo("next");
        assertThat(drops).isEmpty();
    }

    @Test
    void oneSlowBatchRefusesNobodyAfterIt() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        nanosPerCost.set(1000 * MS);
        run(lane, 10);
        nanosPerCost.set(MS);
        assertThat(submit(lane, "next", 10, NORMAL, 20 * MS).result()).isEqualTo("next");
    }

    @Test
    void aBatchThatHangsIsExpectedToHangOn() throws InterruptedException {
        Lane<Job, String> lane = runningLane();
        hold(lane, 10);
        now.addAndGet(210 * MS); // 200 more than was thought
        assertRefused(lane, 10, NORMAL, 90 * MS, 100);
        submit(lane, "patient", 10, NORMAL, 150 * MS);
    }
}
