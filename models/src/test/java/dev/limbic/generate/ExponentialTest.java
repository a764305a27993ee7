package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ExponentialTest {
    @Test
    void isCloseToTheExactOne() {
        Random random = new Random(1);
        for (int i = 0; i < 300_000; i++) {
            double x = i % 2 == 0 ? -40 * random.nextDouble() : -random.nextDouble();
            assertThat(Exponential.of(x) / Math.exp(x)).isEqualTo(1, within(1e-11));
        }
    }

    @Test
    void endsAreExact() {
        assertThat(Exponential.of(0)).isEqualTo(1);
        assertThat(Exponential.of(-0.0)).isEqualTo(1);
        assertThat(Exponential.of(-40)).isZero();
        assertThat(Exponential.of(Double.NEGATIVE_INFINITY)).isZero();
    }

    @Test
    void neverFallsWhereTheLogitRises() {
        for (double x = -20; x < 0; x += 1e-4) {
            assertThat(Exponential.of(x)).isLessThanOrEqualTo(Exponential.of(x + 1e-4));
        }
    }
}
