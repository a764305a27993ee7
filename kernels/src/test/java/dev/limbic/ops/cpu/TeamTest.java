package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TeamTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void manyTinyRegionsRunOnceOnEveryWorker(int size) {
        AtomicLongArray runs = new AtomicLongArray(size);
        try (Team team = new Team(new TeamSize(size))) {
            // More threads than cores take turns in whole time slices; fewer regions will do for them.
            int regions = size <= Runtime.getRuntime().availableProcessors() ? 100_000 : 2_000;
            for (int i = 0; i < regions; i++) {
                team.run(worker -> runs.incrementAndGet(worker.index()));
            }
            for (int w = 0; w < size; w++) {
                assertThat(runs.get(w)).isEqualTo(regions);
            }
        }
    }

    @Test
    void parkedWorkersWake() throws InterruptedException {
        AtomicLongArray runs = new AtomicLongArray(2);
        try (Team team = new Team(new TeamSize(2))) {
            for (int i = 0; i < 50; i++) {
                Thread.sleep(2);
                team.run(worker -> runs.incrementAndGet(worker.index()));
            }
        }
        assertThat(runs.get(1)).isEqualTo(50);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aFailureOfAnyWorkerReachesTheOwnerAndTheTeamLivesOn(int size) {
        try (Team team = new Team(new TeamSize(size))) {
            for (int round = 0; round < 20; round++) {
                int failing = round % size;
                assertThatThrownBy(() -> team.run(worker -> {
                            if (worker.index() == failing) {
                                throw new IllegalStateException("task of " + failing);
                            }
                        }))
                        .hasStackTraceContaining("task of " + failing);
                AtomicLongArray runs = new AtomicLongArray(size);
                team.run(worker -> runs.incrementAndGet(worker.index()));
                for (int w = 0; w < size; w++) {
                    assertThat(runs.get(w)).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void scratchLeftByAFailureIsGivenUp() {
        try (Team team = new Team(new TeamSize(2))) {
            team.run(worker -> worker.scratch().allocate(600_000));
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
            for (int i = 0; i < 100; i++) {
                team.run(worker -> runs.incrementAndGet(worker.index()));
            }
            team.rest();
        }
        assertThat(runs.toString()).isEqualTo("[100, 100, 0]");
    }

    @Test
    void whoWasLeftOutTakesPartAgain() {
        TeamSize sizes = new TeamSize(2);
        AtomicLongArray runs = new AtomicLongArray(2);
        try (Team team = new Team(sizes)) {
            team.run(worker -> runs.incrementAndGet(worker.index()));
            sizes.ran(1_000_000_000, 1, System.nanoTime() + TimeUnit.HOURS.toNanos(1));
            team.begin();
            team.run(worker -> runs.incrementAndGet(worker.index()));
            sizes.ran(1_000_000_000, 1, System.nanoTime() - TimeUnit.HOURS.toNanos(1));
            team.begin();
            team.run(worker -> runs.incrementAndGet(worker.index()));
        }
        assertThat(runs.toString()).isEqualTo("[3, 2]");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closeJoinsItsThreadsEvenWhenInterrupted(boolean interrupted) {
        ConcurrentLinkedQueue<Thread> threads = new ConcurrentLinkedQueue<>();
        Team team = new Team(new TeamSize(3));
        team.run(_ -> threads.add(Thread.currentThread()));
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
