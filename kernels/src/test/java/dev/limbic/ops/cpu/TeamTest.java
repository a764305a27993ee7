package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TeamTest {
    /** What all of them take from. */
    private static Team.Task taking(AtomicIntegerArray taken) {
        return worker -> {
            for (int i = 0; i < taken.length(); i++) {
                if (taken.get(i) == 0 && taken.compareAndSet(i, 0, 1)) {
                    taken.getAndAdd(i, 1);
                }
            }
        };
    }

    /** Returns when the other workers of the team have begun too. */
    private static Team.Task together(CyclicBarrier barrier, Team.Task task) {
        return worker -> {
            try {
                barrier.await();
            } catch (InterruptedException | BrokenBarrierException e) {
                throw new IllegalStateException(e);
            }
            task.run(worker);
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void ofManyTinyRegionsAllIsDoneOnce(int size) {
        try (Team team = new Team(new TeamSize(size))) {
            // More threads than cores take turns in whole time slices; fewer regions will do for them.
            int regions = size <= Runtime.getRuntime().availableProcessors() ? 100_000 : 2_000;
            AtomicIntegerArray taken = new AtomicIntegerArray(5);
            for (int i = 0; i < regions; i++) {
                team.run(taking(taken));
                for (int k = 0; k < taken.length(); k++) {
                    assertThat(taken.get(k)).isEqualTo(2);
                    taken.set(k, 0);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void allTakePartWhoAreInTime(int size) {
        AtomicLongArray runs = new AtomicLongArray(size);
        try (Team team = new Team(new TeamSize(size))) {
            CyclicBarrier all = new CyclicBarrier(size);
            for (int i = 0; i < 500; i++) {
                team.run(together(all, worker -> runs.incrementAndGet(worker.index())));
            }
        }
        for (int w = 0; w < size; w++) {
            assertThat(runs.get(w)).isEqualTo(500);
        }
    }

    @Test
    void parkedWorkersWake() throws InterruptedException {
        AtomicLongArray runs = new AtomicLongArray(2);
        try (Team team = new Team(new TeamSize(2))) {
            CyclicBarrier both = new CyclicBarrier(2);
            for (int i = 0; i < 50; i++) {
                Thread.sleep(2);
                team.run(together(both, worker -> runs.incrementAndGet(worker.index())));
            }
        }
        assertThat(runs.get(1)).isEqualTo(50);
    }

    /** A worker that is held up in one region is not waited for in the next ones, nor runs what is over. */
    @Test
    void nobodyWaitsForWhoHasNotBegun() {
        AtomicLongArray runs = new AtomicLongArray(2);
        try (Team team = new Team(new TeamSize(2))) {
            for (int i = 0; i < 10_000; i++) {
                int region = i;
                AtomicInteger ended = new AtomicInteger();
                team.run(worker -> {
                    assertThat(ended.get()).as("region %d is over", region).isZero();
                    runs.incrementAndGet(worker.index());
                });
                ended.set(1);
            }
        }
        assertThat(runs.get(0)).isEqualTo(10_000);
        assertThat(runs.get(1)).isBetween(0L, 10_000L);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aFailureOfAnyWorkerReachesTheOwnerAndTheTeamLivesOn(int size) {
        try (Team team = new Team(new TeamSize(size))) {
            for (int round = 0; round < 20; round++) {
                int failing = round % size;
                assertThatThrownBy(() -> team.run(together(new CyclicBarrier(size), worker -> {
                            if (worker.index() == failing) {
                                throw new IllegalStateException("task of " + failing);
                            }
                        })))
                        .hasStackTraceContaining("task of " + failing);
                AtomicLongArray runs = new AtomicLongArray(size);
                team.run(together(new CyclicBarrier(size), worker -> runs.incrementAndGet(worker.index())));
                for (int w = 0; w < size; w++) {
                    assertThat(runs.get(w)).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void scratchLeftByAFailureIsGivenUp() {
        try (Team team = new Team(new TeamSize(2))) {
            team.run(together(new CyclicBarrier(2), worker -> worker.scratch().allocate(600_000)));
            team.resetScratch();
            long bytes = team.scratchBytes();
            for (int i = 0; i < 20; i++) {
                assertThatThrownBy(() -> team.run(worker -> {
                            worker.scratch().allocate(600_000);
                            throw new IllegalStateException("after allocating");
                        }))
                        .isInstanceOf(IllegalStateException.class);
                team.resetScratch();
            }
            assertThat(team.scratchBytes()).isEqualTo(bytes);
        }
    }

    @Test
    void whoIsLeftOutRunsNothing() {
        AtomicLongArray runs = new AtomicLongArray(3);
        try (Team team = new Team(TeamSizeTest.oneFewer(3))) {
            team.begin();
            assertThat(team.size()).isEqualTo(2);
            CyclicBarrier two = new CyclicBarrier(2);
            for (int i = 0; i < 100; i++) {
                team.run(together(two, worker -> runs.incrementAndGet(worker.index())));
            }
            team.rest();
        }
        assertThat(runs.toString()).isEqualTo("[100, 100, 0]");
    }

    @Test
    void whoWasLeftOutTakesPartAgain() {
        TeamSize sizes = new TeamSize(2);
        AtomicLongArray runs = new AtomicLongArray(2);
        Team.Task count = worker -> runs.incrementAndGet(worker.index());
        try (Team team = new Team(sizes)) {
            team.run(together(new CyclicBarrier(2), count));
            TeamSizeTest.starve(sizes, System.nanoTime() + TimeUnit.HOURS.toNanos(1));
            team.begin();
            team.run(count);
            sizes.next(System.nanoTime() + TimeUnit.HOURS.toNanos(2));
            team.begin();
            team.run(together(new CyclicBarrier(2), count));
        }
        assertThat(runs.toString()).isEqualTo("[3, 2]");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closeJoinsItsThreadsEvenWhenInterrupted(boolean interrupted) {
        ConcurrentLinkedQueue<Thread> threads = new ConcurrentLinkedQueue<>();
        Team team = new Team(new TeamSize(3));
        team.run(together(new CyclicBarrier(3), _ -> threads.add(Thread.currentThread())));
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        team.close();
        assertThat(Thread.interrupted()).isEqualTo(interrupted);
        assertThat(threads).hasSize(3);
        for (Thread thread : threads) {
            assertThat(thread.isAlive()).as(thread.getName()).isEqualTo(thread.equals(Thread.currentThread()));
        }
    }
}
