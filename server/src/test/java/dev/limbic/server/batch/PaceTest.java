package dev.limbic.server.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PaceTest {
    private static final int[] SIZES = {1, 500, 7, 64, 2048, 30, 128};

    private static double machine(double cost, double slowness) {
        return slowness * (3_000_000 + 40_000 * cost);
    }

    private static Pace learnt(double slowness) {
        Pace pace = new Pace(64);
        teach(pace, slowness, 300);
        return pace;
    }

    private static void teach(Pace pace, double slowness, int batches) {
        for (int i = 0; i < batches; i++) {
            int cost = SIZES[i % SIZES.length];
            pace.observed(cost, (long) machine(cost, slowness));
        }
    }

    private static void assertKnows(Pace pace, double slowness, double part) {
        for (int cost : SIZES) {
            double truth = machine(cost, slowness);
            assertThat(pace.nanos(1, cost)).as("%d tokens", cost).isCloseTo(truth, within(part * truth));
        }
    }

    @Test
    void bothPartsAreLearnt() {
        Pace pace = learnt(1);
        assertKnows(pace, 1, 0.05);
        assertThat(pace.nanos(3, 600)).isCloseTo(3 * 3e6 + 600 * 40e3, within(2e6));
        assertThat(pace.mostNanos(64)).isBetween(machine(64, 1), machine(64, 1.2));
    }

    @Test
    void theFirstBatchIsWorthMoreThanNothing() {
        Pace pace = new Pace(64);
        assertThat(pace.known()).isFalse();
        assertThat(pace.nanos(1, 100)).isZero();
        pace.observed(100, 7_000_000);
        assertThat(pace.known()).isTrue();
        assertThat(pace.nanos(1, 100)).isCloseTo(7e6, within(1e5));
    }

    @Test
    void aBatchThatTookLongByChanceMovesItLittle() {
        Pace pace = learnt(1);
        pace.observed(64, (long) machine(64, 1000));
        assertKnows(pace, 1, 0.3);
    }

    @Test
    void aMachineThatBecameSlowerIsFollowed() {
        Pace pace = learnt(1);
        teach(pace, 5, 60);
        assertKnows(pace, 5, 0.15);
    }

    @Test
    void aMachineThatBecameFasterIsBelievedAtOnce() {
        Pace pace = learnt(100);
        pace.observed(64, (long) machine(64, 1));
        assertThat(pace.nanos(1, 64)).isCloseTo(machine(64, 1), within(1e3));
    }

    @Test
    void batchesOfOneSizeTellOfThatSize() {
        Pace pace = new Pace(64);
        for (int i = 0; i < 50; i++) {
            pace.observed(2048, 50_000_000);
        }
        assertThat(pace.nanos(1, 2048)).isCloseTo(50e6, within(1e4));
        assertThat(pace.nanos(1, 1)).isBetween(0.0, 50e6);
    }

    @Test
    void anUnsteadyMachineGetsAWiderBound() {
        Pace pace = learnt(1);
        for (int i = 0; i < 60; i++) {
            pace.observed(64, (long) machine(64, i % 2 == 0 ? 0.8 : 1.3));
        }
        assertThat(pace.mostNanos(64)).isGreaterThan(machine(64, 1.3));
    }

    @Test
    void noTimeAtAllDoesNotBreakIt() {
        Pace pace = new Pace(64);
        pace.observed(10, 0);
        pace.observed(10, 0);
        pace.observed(10, 5_000);
        assertThat(pace.mostNanos(10)).isFinite().isNotNegative();
    }
}
