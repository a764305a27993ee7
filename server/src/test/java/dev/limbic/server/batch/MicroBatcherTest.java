package dev.limbic.server.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MicroBatcherTest {
    private static final long NEVER = Long.MAX_VALUE;
    private static final long NORMAL = TimeUnit.MILLISECONDS.toNanos(50);

    private final List<String> batches = new CopyOnWriteArrayList<>();
    private final List<String> events = new CopyOnWriteArrayList<>();
    private final Semaphore arrivals = new Semaphore(0);
    private final Semaphore gate = new Semaphore(0);
    private final AtomicLong now = new AtomicLong();
    private final ExecutorService completions = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("answers").factory());
    private final AtomicReference<String> stoppedOn = new AtomicReference<>("");
    private final MicroBatcher batcher = batcher();
    private BatchPolicy policy = new BatchPolicy(100, 8, 16, Duration.ZERO);

    private MicroBatcher batcher() {
        BatchObserver observer = new BatchObserver() {
            @Override
            public void ran(String lane, int rows, int cost, long computeNanos) {
                events.add("ran " + lane + " " + rows + " " + cost);
            }

            @Override
            public void waited(String lane, long queueNanos) {}

            @Override
            public void dropped(String lane, Drop reason) {
                events.add("dropped " + lane + " " + reason);
            }

            @Override
            public void failed(String lane, int rows, Throwable cause) {
                events.add("failed " + lane + " " + rows);
            }
        };
        return new MicroBatcher(
                "test",
                completions,
                observer,
                () -> stoppedOn.set(Thread.currentThread().getName()),
                now::get);
    }

    /** A lane whose device waits at the gate whenever a batch holds "hold". */
    private Lane<String, String> lane(String name) {
        return batcher.lane(
                name,
                batch -> {
                    batches.add(name + batch);
                    if (batch.contains("hold")) {
                        arrivals.release();
                        gate.acquireUninterruptibly();
                    }
                    if (batch.contains("fail")) {
                        throw new IllegalStateException("broken");
                    }
                    if (batch.contains("error")) {
                        throw new StackOverflowError();
                    }
                    if (batch.contains("lose")) {
                        return List.of();
                    }
                    return batch.stream().map(each -> each + "!").toList();
                },
                policy,
                new Pace(1));
    }

    private Recorder submit(Lane<String, String> lane, String payload, int cost, long patience, long timeout) {
        Recorder recorder = new Recorder();
        lane.submit(payload, cost, patience, timeout, recorder);
        return recorder;
    }

    private Recorder submit(Lane<String, String> lane, String payload) {
        return submit(lane, payload, 1, NORMAL, NEVER);
    }

    private void hold(Lane<String, String> lane) throws InterruptedException {
        submit(lane, "hold");
        arrivals.acquire();
    }

    @AfterEach
    void stop() {
        gate.release(1000);
        batcher.close();
        completions.shutdown();
    }

    @Test
    void anIdleDeviceStartsAtOnce() throws InterruptedException {
        Lane<String, String> lane = lane("a");
        // The batcher's clock stands still: nothing but the submission itself can start this.
        assertThat(submit(lane, "x").result()).isEqualTo("x!");
        assertThat(submit(lane, "y").result()).isEqualTo("y!");
        assertThat(batches).containsExactly("a[x]", "a[y]");
    }

    @Test
    void aBusyDeviceLetsWorkGatherIntoOneBatch() throws InterruptedException {
        Lane<String, String> lane = lane("a");
        hold(lane);
        Recorder first = submit(lane, "1", 3, NORMAL, NEVER);
        Recorder second = submit(lane, "2", 4, NORMAL, NEVER);
        now.addAndGet(5_000);
        gate.release();
        assertThat(first.ride().rows()).isEqualTo(2);
        assertThat(second.ride().cost()).isEqualTo(7);
        assertThat(second.ride().queueNanos()).isEqualTo(5_000);
        assertThat(batches).containsExactly("a[hold]", "a[1, 2]");
        assertThat(events).contains("ran a 2 7");
    }

    @Test
    void aBatchKeepsToTheTokenBudgetAndTheRowBound() throws InterruptedException {
        policy = new BatchPolicy(10, 3, 16, Duration.ZERO);
        Lane<String, String> lane = lane("a");
        hold(lane);
        List<Recorder> all = new ArrayList<>();
        for (int cost : new int[] {4, 4, 4, 50, 1, 1, 1, 1}) {
            all.add(submit(lane, "t" + cost, cost, NORMAL, NEVER));
        }
        gate.release();
        for (Recorder each : all) {
            each.result();
        }
        assertThat(batches).containsExactly("a[hold]", "a[t4, t4]", "a[t4]", "a[t50]", "a[t1, t1, t1]", "a[t1]");
    }

    @Test
    void theMostUrgentGoesFirstAcrossLanes() throws InterruptedException {
        policy = new BatchPolicy(100, 1, 16, Duration.ZERO);
        Lane<String, String> a = lane("a");
        Lane<String, String> b = lane("b");
        hold(a);
        Recorder low = submit(a, "low", 1, 10 * NORMAL, NEVER);
        submit(a, "normal", 1, NORMAL, NEVER);
        submit(b, "deadline", 1, NORMAL, NORMAL / 2);
        submit(b, "high", 1, 0, NEVER);
        submit(a, "normal2", 1, NORMAL, NEVER);
        gate.release();
        low.result();
        assertThat(batches).containsExactly("a[hold]", "b[high]", "b[deadline]", "a[normal]", "a[normal2]", "a[low]");
    }

    @Test
    void expiredWorkIsDroppedBeforeTheDevice() throws InterruptedException {
        Lane<String, String> lane = lane("a");
        hold(lane);
        Recorder late = submit(lane, "late", 1, NORMAL, 1_000);
        Recorder inTime = submit(lane, "in time", 1, NORMAL, 1_000_000);
        now.addAndGet(1_000);
        gate.release();
        assertThat(late.failure()).isInstanceOf(LimbicException.Expired.class);
        assertThat(inTime.result()).isEqualTo("in time!");
        assertThat(batches).containsExactly("a[hold]", "a[in time]");
        assertThat(events).containsOnlyOnce("dropped a EXPIRED");
    }

    @Test
    void workWithoutTimeIsRefused() {
        Lane<String, String> lane = lane("a");
        assertThatThrownBy(() -> submit(lane, "late", 1, NORMAL, 0)).isInstanceOf(LimbicException.Expired.class);
        assertThat(batches).isEmpty();
    }

    @Test
    void cancelledWorkIsDroppedAndItsPlaceFreed() throws InterruptedException {
        policy = new BatchPolicy(100, 8, 2, Duration.ZERO);
        Lane<String, String> lane = lane("a");
        hold(lane);
        Recorder gone = new Recorder();
        Ticket<String, String> ticket = lane.submit("gone", 1, NORMAL, NEVER, gone);
        submit(lane, "stays");
        assertThatThrownBy(() -> submit(lane, "too many")).isInstanceOf(LimbicException.Overloaded.class);
        assertThat(ticket.cancel()).isTrue();
        assertThat(ticket.cancel()).isFalse();
        Recorder replacement = submit(lane, "replacement");
        gate.release();
        assertThat(replacement.result()).isEqualTo("replacement!");
        assertThat(batches).containsExactly("a[hold]", "a[stays, replacement]");
        assertThat(gone.hasEnded()).isFalse();
        assertThat(events).containsOnlyOnce("dropped a CANCELLED");
    }

    @Test
    void cancellingTooLateLetsTheAnswerCome() throws InterruptedException {
        Lane<String, String> lane = lane("a");
        Recorder recorder = new Recorder();
        Ticket<String, String> ticket = lane.submit("hold", 1, NORMAL, NEVER, recorder);
        arrivals.acquire();
        assertThat(ticket.cancel()).isFalse();
        gate.release();
        assertThat(recorder.result()).isEqualTo("hold!");
    }

    @Test
    void aFullQueueRefusesWithATimeToRetryAndLeavesOtherLanesAlone() throws InterruptedException {
        policy = new BatchPolicy(100, 8, 3, Duration.ZERO);
        Lane<String, String> a = lane("a");
        Lane<String, String> b = lane("b");
        hold(a);
        for (int i = 0; i < 3; i++) {
            submit(a, "waits");
        }
        assertThatThrownBy(() -> submit(a, "too many"))
                .isInstanceOfSatisfying(
                        LimbicException.Overloaded.class,
                        e -> assertThat(e.retryAfter()).isBetween(Duration.ofMillis(1), Duration.ofSeconds(30)));
        Recorder other = submit(b, "fits");
        assertThat(a.depth()).isEqualTo(3);
        assertThat(batcher.depth()).isEqualTo(4);
        gate.release();
        assertThat(other.result()).isEqualTo("fits!");
    }

    @Test
    void aFailingBatchFailsItsOwnRequestsOnly() throws InterruptedException {
        Lane<String, String> lane = lane("a");
        for (String broken : List.of("fail", "error", "lose")) {
            hold(lane);
            Recorder failing = submit(lane, broken);
            Recorder neighbour = submit(lane, "neighbour");
            gate.release();
            assertThat(failing.failure()).isInstanceOf(LimbicException.Internal.class);
            assertThat(neighbour.failure()).isInstanceOf(LimbicException.Internal.class);
            assertThat(submit(lane, "next").result()).isEqualTo("next!");
        }
        assertThat(events.stream().filter("failed a 2"::equals)).hasSize(3);
    }

    @Test
    void aCompletionThatThrowsOrBlocksHoldsUpNobodyElse() throws InterruptedException {
        Lane<String, String> lane = lane("a");
        hold(lane);
        Semaphore blocked = new Semaphore(0);
        lane.submit("x", 1, NORMAL, NEVER, new Completion<>() {
            @Override
            public void done(String result, Ride ride) {
                throw new IllegalStateException("careless");
            }

            @Override
            public void failed(LimbicException failure) {}
        });
        Recorder neighbour = submit(lane, "neighbour");
        gate.release();
        assertThat(neighbour.result()).isEqualTo("neighbour!");
        assertThat(neighbour.thread()).isEqualTo("answers");
        hold(lane);
        lane.submit("y", 1, NORMAL, NEVER, new Completion<>() {
            @Override
            public void done(String result, Ride ride) {
                blocked.acquireUninterruptibly();
            }

            @Override
            public void failed(LimbicException failure) {}
        });
        submit(lane, "second row"); // one row alone would be delivered by the device's own thread
        gate.release();
        hold(lane); // the device takes the next batch although an answer is stuck
        blocked.release();
    }

    @Test
    void aConfiguredDelayLetsAnIdleDeviceWaitUntilTheBatchIsFull() throws InterruptedException {
        policy = new BatchPolicy(100, 2, 16, Duration.ofMillis(1));
        Lane<String, String> lane = lane("a");
        // The clock stands still, so the delay cannot pass; only a full batch can start.
        Recorder first = submit(lane, "1");
        Recorder second = submit(lane, "2");
        assertThat(first.ride().rows()).isEqualTo(2);
        assertThat(second.result()).isEqualTo("2!");
        assertThat(batches).containsExactly("a[1, 2]");
        // What may not be overtaken does not wait either.
        assertThat(submit(lane, "high", 1, 0, NEVER).result()).isEqualTo("high!");
    }

    @Test
    void drainFinishesWhatWasAcceptedAndRefusesTheRest() throws Exception {
        Lane<String, String> lane = lane("a");
        hold(lane);
        Recorder accepted = submit(lane, "accepted");
        AtomicBoolean finished = new AtomicBoolean();
        Thread drainer = Thread.ofPlatform().start(() -> {
            try {
                finished.set(batcher.drain(Duration.ofSeconds(60)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        while (drainer.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertThatThrownBy(() -> submit(lane, "refused")).isInstanceOf(LimbicException.Unavailable.class);
        gate.release();
        drainer.join();
        assertThat(finished).isTrue();
        assertThat(accepted.result()).isEqualTo("accepted!");
        assertThat(stoppedOn).hasValue("limbic-device-test");
    }

    @Test
    void drainGivesUpAfterTheGraceAndAnswersWhatWaits() throws InterruptedException {
        Lane<String, String> lane = lane("a");
        hold(lane);
        Recorder waiting = submit(lane, "waiting");
        assertThat(batcher.drain(Duration.ZERO)).isFalse();
        assertThat(waiting.failure()).isInstanceOf(LimbicException.Unavailable.class);
        assertThat(batches).containsExactly("a[hold]");
    }

    @Test
    void manyThreadsLoseNothing() throws InterruptedException {
        policy = new BatchPolicy(64, 16, 100_000, Duration.ZERO);
        Lane<String, String> a = lane("a");
        Lane<String, String> b = lane("b");
        List<Recorder> all = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int thread = t;
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 500; i++) {
                    all.add(submit(i % 2 == 0 ? a : b, thread + "-" + i));
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (Recorder each : all) {
            assertThat(each.result()).endsWith("!");
        }
        assertThat(all).hasSize(2000);
        assertThat(batcher.depth()).isZero();
    }
}
