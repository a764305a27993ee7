package dev.limbic.server.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which frame waits, which is due, and when it was made; time stands still unless the test moves it. */
class FrameTimesTest {
    private static final long MILLI = 1_000_000;

    @Test
    void theLatestWaitsAndTheOthersAreCounted() {
        Latest<String> latest = new Latest<>();
        assertThat(latest.begin()).isNull();
        assertThat(latest.offer("a")).isNull();
        assertThat(latest.idle()).isFalse();
        assertThat(latest.begin()).isEqualTo("a");
        assertThat(latest.current()).isEqualTo("a");
        assertThat(latest.offer("b")).isNull();
        assertThat(latest.offer("c")).isEqualTo("b");
        assertThat(latest.offer("d")).isEqualTo("c");
        latest.drop();
        assertThat(latest.begin()).as("while one is being done").isNull();
        latest.end();
        assertThat(latest.takeDropped()).isEqualTo(3);
        assertThat(latest.takeDropped()).isZero();
        assertThat(latest.begin()).isEqualTo("d");
        latest.end();
        assertThat(latest.idle()).isTrue();
    }

    private static List<Integer> admitted(RateGate gate, int frames, double everyMillis, double jitterMillis) {
        List<Integer> admitted = new ArrayList<>();
        for (int i = 0; i < frames; i++) {
            double jitter = i % 2 == 0 ? 0 : jitterMillis;
            if (gate.admits(
                    Long.MAX_VALUE - 7 + (long) ((i * everyMillis + jitter) * MILLI))) { // nanoTime may overflow
                admitted.add(i);
            }
        }
        return admitted;
    }

    @Test
    void aCameraThatIsJustFastEnoughLosesNothing() {
        assertThat(admitted(new RateGate(30), 300, 1000 / 30.0, 0)).hasSize(300);
        assertThat(admitted(new RateGate(30), 300, 1000 / 30.0, -15)).hasSize(300);
        assertThat(admitted(new RateGate(30), 300, 1000 / 30.0, 15)).hasSize(300);
        assertThat(admitted(new RateGate(0.5), 5, 2000, 0)).hasSize(5);
    }

    @Test
    void whatIsTooFastIsThinnedToTheRate() {
        assertThat(admitted(new RateGate(30), 600, 1000 / 60.0, 0).size()).isBetween(299, 309);
        assertThat(admitted(new RateGate(30), 1000, 10, 0).size()).isBetween(299, 309);
        assertThat(admitted(new RateGate(30), 100, 0, 0)).as("at once").hasSize(8);
        assertThat(admitted(new RateGate(1e-9), 100, 1000, 0)).containsExactly(0);
    }

    @Test
    void aPauseGivesCreditForAQuarterOfASecond() {
        RateGate gate = new RateGate(10);
        assertThat(gate.admits(0)).isTrue();
        long later = 10_000 * MILLI;
        int admitted = 0;
        for (int i = 0; i < 1000; i++) { // a second
            admitted += gate.admits(later + i * MILLI) ? 1 : 0;
        }
        assertThat(admitted).isEqualTo(13);
    }

    @Test
    void theClientsClockCountsWhereItIncreases() {
        FrameClock clock = new FrameClock();
        assertThat(clock.at(5_000_000, 0)).isZero();
        assertThat(clock.at(5_040_000, 1000 * MILLI)).isEqualTo(0.04, within(1e-9));
        assertThat(clock.at(5_040_000, 1100 * MILLI)).as("stands still").isEqualTo(0.14, within(1e-9));
        assertThat(clock.at(7, 1150 * MILLI)).as("goes back").isEqualTo(0.19, within(1e-9));
        assertThat(clock.at(20_007, 9999 * MILLI)).isEqualTo(0.21, within(1e-9));
    }

    @Test
    void timeAlwaysIncreasesAndNeverLeaps() {
        FrameClock clock = new FrameClock();
        double before = clock.at(Long.MIN_VALUE, 0);
        for (long client : new long[] {Long.MAX_VALUE, 0, 0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            double now = clock.at(client, 0);
            assertThat(now - before).isBetween(0.99e-3, 3600.01);
            before = now;
        }
    }
}
