package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** What steps teach about the next ones. */
class StepTimesTest {
    private static final double FIXED = 4e6;
    private static final double TEXT = 5e5;
    private static final double ROW = 1e5;

    private final StepTimes times = new StepTimes();
    private final Random random = new Random(1);

    private void learn(int steps, double slowness, double noise) {
        for (int i = 0; i < steps; i++) {
            int texts = random.nextInt(13);
            int rows = texts == 0 || random.nextInt(3) == 0 ? random.nextInt(1, 129) : 0;
            double spread = 1 + noise * (2 * random.nextDouble() - 1);
            times.learn(texts, rows, (long) (slowness * spread * (FIXED + TEXT * texts + ROW * rows)));
        }
    }

    private void requireLearnt(double slowness, double percent) {
        for (int texts : new int[] {1, 4, 12}) {
            for (int rows : new int[] {0, 30, 128}) {
                assertThat(times.cost().step(texts, rows))
                        .as("%d texts, %d rows", texts, rows)
                        .isCloseTo(slowness * (FIXED + TEXT * texts + ROW * rows), withinPercentage(percent));
            }
        }
    }

    @Test
    void theThreePartsAreToldApart() {
        learn(100, 1, 0);
        requireLearnt(1, 3);
        assertThat(times.cost().prompt(200, 128)).isCloseTo(2 * FIXED + 200 * ROW, withinPercentage(5));
    }

    @Test
    void stepsThatAreNotAllAlikeAreAveraged() {
        learn(400, 1, 0.4);
        requireLearnt(1, 25);
    }

    @Test
    void aPauseMovesLittle() {
        learn(200, 1, 0);
        times.learn(8, 0, 60_000_000_000L);
        assertThat(times.cost().step(8, 0)).isLessThan(1.3 * (FIXED + 8 * TEXT));
    }

    @Test
    void aDeviceThatBecomesSlowerOrFasterIsBelieved() {
        learn(200, 1, 0.1);
        learn(150, 10, 0.1);
        requireLearnt(10, 30);
        learn(150, 1, 0.1);
        requireLearnt(1, 30);
    }

    @Test
    void alikeStepsAreForetoldAsTheyAre() {
        for (int i = 0; i < 50; i++) {
            times.learn(8, 0, 9_000_000);
        }
        assertThat(times.cost().step(8, 0)).isCloseTo(9e6, withinPercentage(1));
    }

    @Test
    void fewStepsAndStepsThatTookNoTimeSayNothing() {
        for (int i = 0; i < 7; i++) {
            times.learn(1, 0, 1_000_000);
            times.learn(1, 0, 0);
        }
        assertThat(times.cost()).isEqualTo(StepTimes.Cost.UNKNOWN);
        times.learn(1, 0, 1_000_000);
        assertThat(times.cost().step(1, 0)).isPositive();
    }
}
