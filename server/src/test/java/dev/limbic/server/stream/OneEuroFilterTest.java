package dev.limbic.server.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class OneEuroFilterTest {
    private static final FrameRules.Smoothing USUAL = new FrameRules.Smoothing(1, 0.2);

    /** The paper's algorithm for one number, written as it stands there. */
    private static final class Paper {
        private double x;
        private double dx;
        private boolean begun;

        double next(double value, double rate, double minCutoff, double beta) {
            if (!begun) {
                begun = true;
                x = value;
                return x;
            }
            double raw = (value - x) * rate;
            dx = lowPass(raw, dx, rate, 1);
            x = lowPass(value, x, rate, minCutoff + beta * Math.abs(dx));
            return x;
        }

        private static double lowPass(double value, double before, double rate, double cutoff) {
            double tau = 1 / (2 * Math.PI * cutoff);
            double te = 1 / rate;
            double alpha = 1 / (1 + tau / te);
            return alpha * value + (1 - alpha) * before;
        }
    }

    @Test
    void oneLogitIsSmoothedAsInThePaper() {
        Random random = new Random(1);
        OneEuroFilter filter = new OneEuroFilter(USUAL);
        Paper paper = new Paper();
        for (int i = 0; i < 200; i++) {
            float value = (float) (random.nextGaussian() + (i > 100 ? 6 : 0));
            assertThat(filter.next(new float[] {value}, i / 30.0)[0])
                    .isEqualTo((float) paper.next(value, 30, 1, 0.2), within(1e-4f));
        }
    }

    @Test
    void tremblingIsTakenOutAndAChangeIsFollowed() {
        Random random = new Random(2);
        OneEuroFilter filter = new OneEuroFilter(USUAL);
        double raw = 0;
        double smooth = 0;
        int frame = 0;
        for (; frame < 600; frame++) {
            float[] logits = {(float) (0.3 * random.nextGaussian()), (float) (0.3 * random.nextGaussian()), -2};
            float[] smoothed = filter.next(logits, frame / 30.0);
            raw += logits[0] * logits[0];
            smooth += smoothed[0] * smoothed[0];
        }
        assertThat(Math.sqrt(smooth / raw)).isBetween(0.3, 0.5);
        int until = 0;
        while (filter.next(new float[] {5, 0, -2}, (frame + until) / 30.0)[0] < 4.5) {
            until++;
        }
        assertThat(until).as("frames until a jump is followed").isLessThanOrEqualTo(3);
    }

    @Test
    void allLogitsGoTogetherFromOneStateToTheNext() {
        OneEuroFilter filter = new OneEuroFilter(USUAL);
        filter.next(new float[] {0, 4, 1}, 0);
        for (int i = 1; i < 8; i++) {
            float[] smoothed = filter.next(new float[] {6, 3, 1}, i / 30.0);
            assertThat(smoothed[0] / 6).isBetween(0.01f, 1f).isEqualTo(4 - smoothed[1], within(1e-5f));
            assertThat(smoothed[2]).isEqualTo(1);
        }
    }

    @Test
    void theSameMovementAtHalfTheRateEndsAtTheSamePlace() {
        OneEuroFilter fast = new OneEuroFilter(USUAL);
        OneEuroFilter slow = new OneEuroFilter(USUAL);
        float last = 0;
        float other = 0;
        for (int i = 0; i <= 60; i++) {
            last = fast.next(new float[] {i / 10f}, i / 60.0)[0];
            other = i % 2 == 0 ? slow.next(new float[] {i / 10f}, i / 60.0)[0] : other;
        }
        assertThat(other).isEqualTo(last, within(0.2f));
    }

    @Test
    void whatIsInfiniteOrOfAnotherLengthPassesAndTheFilterBeginsAnew() {
        OneEuroFilter filter = new OneEuroFilter(USUAL);
        filter.next(new float[] {0, 0}, 0);
        assertThat(filter.next(new float[] {Float.NEGATIVE_INFINITY, 1}, 0.1))
                .containsExactly(Float.NEGATIVE_INFINITY, 1);
        assertThat(filter.next(new float[] {9, 9}, 0.2)).containsExactly(9, 9);
        assertThat(filter.next(new float[] {1, 2, 3}, 0.3)).containsExactly(1, 2, 3);
        float[] logits = {4, 5, 6};
        float[] smoothed = filter.next(logits, 0.4);
        assertThat(logits).containsExactly(4, 5, 6);
        assertThat(smoothed[0]).isBetween(1.1f, 3.9f);
    }
}
