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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;

/** A device on which a token takes a millisecond, on a clock of its own. */
abstract class OverloadFixture {
    static final long MS = 1_000_000;
    static final long NEVER = Long.MAX_VALUE;
    static final long HIGH = 0;
    static final long NORMAL = 50 * MS;
    static final long LOW = 500 * MS;
    static final long TRUST = TimeUnit.SECONDS.toNanos(1);

    record Job(String name, int cost, boolean held) {
        @Override
        public String toString() {
            return name;
        }
    }

    final List<String> batches = new CopyOnWriteArrayList<>();
    final List<String> drops = new CopyOnWriteArrayList<>();
    final Semaphore arrivals = new Semaphore(0);
    final Semaphore gate = new Semaphore(0);
    final AtomicLong now = new AtomicLong();
    final AtomicLong nanosPerCost = new AtomicLong(MS);
    final AtomicLong nanosPerBatch = new AtomicLong();
    final ExecutorService completions = Executors.newSingleThreadExecutor();
    final MicroBatcher batcher = batcher();

    /** Of the lanes that are added from now on. */
    BatchPolicy policy = new BatchPolicy(1000, 64, 64, Duration.ZERO);

    private MicroBatcher batcher() {
        BatchObserver observer = new BatchObserver() {
            @Override
            public void ran(String lane, int rows, int cost, long computeNanos) {}

            @Override
            public void waited(String lane, long queueNanos) {}

            @Override
            public void dropped(String lane, Drop reason) {
                drops.add(lane + " " + reason);
            }

            @Override
            public void failed(String lane, int rows, Throwable cause) {}
        };
        return new MicroBatcher("test", completions, observer, () -> {}, now::get);
    }

    @AfterEach
    void stop() {
        gate.release(1000);
        batcher.close();
        completions.shutdown();
    }

    /** What a lane knows that has run many batches. */
    static Pace learnt() {
        return learnt(0);
    }

    static Pace learnt(long nanosPerBatch) {
        Pace pace = new Pace(64);
        for (int i = 0; i < 100; i++) {
            pace.observed(1, nanosPerBatch + MS);
            pace.observed(256, nanosPerBatch + 256 * MS);
        }
        return pace;
    }

    Lane<Job, String> lane(String name, Pace pace) {
        return batcher.lane(
                name,
                batch -> {
                    batches.add(name + batch);
                    int cost = batch.stream().mapToInt(Job::cost).sum();
                    if (batch.stream().anyMatch(Job::held)) {
                        arrivals.release();
                        gate.acquireUninterruptibly();
                    }
                    now.addAndGet(nanosPerBatch.get() + cost * nanosPerCost.get());
                    return batch.stream().map(Job::name).toList();
                },
                policy,
                pace);
    }

    /** A lane that has just run a batch. */
    Lane<Job, String> runningLane() throws InterruptedException {
        Lane<Job, String> lane = lane("a", learnt());
        run(lane, 1);
        return lane;
    }

    Recorder submit(Lane<Job, String> lane, String name, int cost, long patience, long timeout) {
        Recorder recorder = new Recorder();
        lane.submit(new Job(name, cost, false), cost, patience, timeout, recorder);
        return recorder;
    }

    void run(Lane<Job, String> lane, int cost) throws InterruptedException {
        submit(lane, "first", cost, NORMAL, NEVER).result();
        awaitIdle();
        batches.clear();
    }

    /** The answer of a single row leaves before the device has noticed that it is free. */
    void awaitIdle() throws InterruptedException {
        for (int i = 0; i < 2000 && !batcher.isIdle(); i++) {
            Thread.sleep(1);
        }
        assertThat(batcher.isIdle()).isTrue();
    }

    /** Keeps the device busy with a batch of so many tokens until the gate opens. */
    void hold(Lane<Job, String> lane, int cost) throws InterruptedException {
        lane.submit(new Job("held", cost, true), cost, NORMAL, NEVER, new Recorder());
        arrivals.acquire();
    }

    void assertRefused(Lane<Job, String> lane, int cost, long patience, long timeout, long retryMillis) {
        assertThatThrownBy(() -> submit(lane, "refused", cost, patience, timeout))
                .isInstanceOfSatisfying(
                        LimbicException.Overloaded.class,
                        e -> assertThat(e.retryAfter())
                                .isBetween(Duration.ofMillis(retryMillis - 1), Duration.ofMillis(retryMillis + 2)));
    }

    void assertTooBusy(Lane<Job, String> lane) {
        assertThatThrownBy(() -> submit(lane, "refused", 10, NORMAL, 50 * MS))
                .isInstanceOf(LimbicException.Overloaded.class);
    }

    /** A batch takes 50 ms and one more per token. */
    Lane<Job, String> laneWithFixedPart() throws InterruptedException {
        nanosPerBatch.set(50 * MS);
        Lane<Job, String> lane = lane("a", learnt(50 * MS));
        run(lane, 1);
        return lane;
    }
}
