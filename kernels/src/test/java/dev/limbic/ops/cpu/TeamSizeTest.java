package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Batches of 10 ms on a clock of their own; what the threads get of the cores is told, not measured. */
final class TeamSizeTest {
    private static final long BATCH = 10_000_000;

    private long now = System.nanoTime();
    private final TeamSize sizes = new TeamSize(2);

    /** What leaves one out for the next hour. */
    static TeamSize oneFewer(int most) {
        TeamSize sizes = new TeamSize(most);
        starve(sizes, System.nanoTime() + TimeUnit.HOURS.toNanos(1));
        return sizes;
    }

    /** What leaves one out from then on. */
    static void starve(TeamSize sizes, long now) {
        for (int i = 0; i < 100; i++) {
            sizes.ran(BATCH, 0, now);
        }
    }

    /** Runs batches and returns the part of them in which all took part. */
    private double partWithAll(int batches, double cores) {
        int all = 0;
        for (int i = 0; i < batches; i++) {
            int size = sizes.next(now);
            now += BATCH;
            if (size == 2) {
                sizes.ran(BATCH, (long) (BATCH * cores), now);
                all++;
            }
        }
        return (double) all / batches;
    }

    @Test
    void whereTheCoresAreFreeAllTakePart() {
        assertThat(partWithAll(1000, 1.5)).isEqualTo(1);
    }

    @Test
    void aFewSlowBatchesChangeNothing() {
        partWithAll(100, 1.9);
        partWithAll(5, 0.8);
        assertThat(partWithAll(100, 1.9)).isEqualTo(1);
    }

    /** As when it waited for its plans to be compiled, or for the collector. */
    @Test
    void oneLongBatchChangesNothing() {
        partWithAll(100, 1.9);
        sizes.ran(TimeUnit.SECONDS.toNanos(1), TimeUnit.MILLISECONDS.toNanos(50), now);
        assertThat(partWithAll(100, 1.9)).isEqualTo(1);
    }

    @Test
    void whereTwoGetHardlyMoreThanOneWouldGetOneIsLeftOut() {
        partWithAll(50, 1.1);
        assertThat(partWithAll(5000, 1.1)).isBetween(0.03, 0.12); // some batches every three seconds look what all get
    }

    /** As the JVM's compilers take a core when it starts. */
    @Test
    void whatPassesSoonIsForgottenSoon() {
        partWithAll(50, 1.1);
        assertThat(partWithAll(100, 1.9)).isGreaterThan(0.75);
    }

    @Test
    void whenTheCoresAreFreeAgainAllTakePart() {
        partWithAll(1000, 1.1);
        partWithAll(301, 1.9);
        assertThat(partWithAll(1000, 1.9)).isEqualTo(1);
    }

    @Test
    void aTeamOfOneStaysOne() {
        TeamSize alone = new TeamSize(1);
        for (int i = 1; i < 100; i++) {
            alone.ran(BATCH, 0, i * BATCH);
        }
        assertThat(alone.next(100 * BATCH)).isEqualTo(1);
    }
}
