package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Forecasts are what the scheduler then does. */
class ForecastTest {
    private static final StepTimes.Cost COST = new StepTimes.Cost(4e6, 5e5, 1e5);

    private static Forecast.Text text(int promptRows, int tokens) {
        return new Forecast.Text(promptRows, tokens, tokens);
    }

    @Test
    void aTextAlone() {
        double[] goals = Forecast.goals(COST, 32, 4, List.of(text(70, 10)), null);
        assertThat(goals[0]).isCloseTo(COST.prompt(70, 32) + 9 * COST.step(1, 0), withinPercentage(2));
    }

    @Test
    void whoHasItsGoalWaitsForNothing() {
        assertThat(Forecast.goals(COST, 32, 4, List.of(new Forecast.Text(0, 5, 0)), null))
                .containsExactly(0);
    }

    @Test
    void whoWaitsBeginsWhenAPlaceIsFree() {
        double[] goals = Forecast.goals(COST, 32, 2, List.of(text(0, 10), text(0, 4), text(8, 1)), null);
        assertThat(goals[1]).isCloseTo(4 * COST.step(2, 0), withinPercentage(0.01));
        assertThat(goals[2]).isCloseTo(4 * COST.step(2, 0) + COST.step(1, 8), withinPercentage(0.01));
    }

    @Test
    void followersKeepTheDeviceAsBusyAsItIs() {
        List<Forecast.Text> texts = List.of(text(0, 10), text(0, 10), text(0, 100));
        double quiet = Forecast.goals(COST, 32, 3, texts, null)[2];
        double busy = Forecast.goals(COST, 32, 3, texts, text(0, 10))[2];
        assertThat(quiet).isCloseTo(10 * COST.step(3, 0) + 90 * COST.step(1, 0), withinPercentage(0.01));
        assertThat(busy).isCloseTo(100 * COST.step(3, 0), withinPercentage(0.01));
    }

    @Test
    void whatIsForetoldComesTrueAlthoughShortPromptsOvertake() {
        for (int seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            int places = random.nextInt(1, 6);
            TimedRig timed = new TimedRig(places);
            List<Forecast.Text> texts = new ArrayList<>();
            List<Heard> all = new ArrayList<>();
            List<Long> ends = new ArrayList<>();
            for (int i = 0; i < random.nextInt(1, 12); i++) {
                int prompt = random.nextInt(1, 80);
                int tokens = random.nextInt(1, 50);
                texts.add(text(prompt, tokens));
                all.add(timed.submit(TimedRig.request(prompt, 0, tokens, Long.MAX_VALUE)));
                ends.add(0L);
            }
            long began = timed.rig.now.get();
            while (timed.step()) {
                for (int i = 0; i < all.size(); i++) {
                    if (ends.get(i) == 0 && all.get(i).isFinished()) {
                        ends.set(i, timed.rig.now.get() - began);
                    }
                }
            }
            double[] goals = Forecast.goals(
                    new StepTimes.Cost(timed.fixed, timed.perText, timed.perRow), TimedRig.CHUNK, places, texts, null);
            for (int i = 0; i < goals.length; i++) {
                assertThat(goals[i])
                        .as("text %d of seed %d", i, seed)
                        .isCloseTo(ends.get(i), within(0.15 * ends.get(i) + 2 * COST.step(0, TimedRig.CHUNK)));
            }
        }
    }
}
