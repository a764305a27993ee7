package dev.limbic.postprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ScoresTest {
    private static final Offset<Double> EXACT = within(1e-15);
    private static final float INF = Float.POSITIVE_INFINITY;

    @Test
    void softmaxOfModestLogits() {
        double[] p = Scores.softmax(new float[] {1, 2, 3}, 1);
        double sum = Math.exp(1) + Math.exp(2) + Math.exp(3);
        for (int i = 0; i < 3; i++) {
            assertThat(p[i]).isEqualTo(Math.exp(i + 1) / sum, EXACT);
        }
    }

    @Test
    void softmaxAtTheExtremes() {
        assertThat(Scores.softmax(new float[] {-100, 5}, 1)).containsExactly(new double[] {Math.exp(-105), 1}, EXACT);
        assertThat(Scores.softmax(new float[] {1e30f, -1e30f, 0}, 1)).containsExactly(1, 0, 0);
        assertThat(Scores.softmax(new float[] {-1e30f, -1e30f}, 1)).containsExactly(0.5, 0.5);
        assertThat(Scores.softmax(new float[] {Float.MAX_VALUE, -Float.MAX_VALUE}, 0.01))
                .containsExactly(1, 0);
        assertThat(Scores.softmax(new float[] {7, 7, 7, 7}, 1)).containsOnly(0.25);
        assertThat(Scores.softmax(new float[] {-INF, 0}, 1)).containsExactly(0, 1);
        assertThat(Scores.softmax(new float[] {INF, 0, INF}, 1)).containsExactly(0.5, 0, 0.5);
        assertThat(Scores.softmax(new float[] {-INF, -INF}, 1)).containsExactly(0.5, 0.5);
        assertThat(Scores.softmax(new float[] {-1e30f}, 1)).containsExactly(1);
    }

    @Test
    void sigmoidAtTheExtremes() {
        assertThat(Scores.sigmoid(new float[] {0, 1e30f, -1e30f, INF, -INF}, 1)).containsExactly(0.5, 1, 0, 1, 0);
        assertThat(Scores.sigmoid(new float[] {-100, 5}, 1))
                .containsExactly(new double[] {Math.exp(-100) / (1 + Math.exp(-100)), 1 / (1 + Math.exp(-5))}, EXACT);
        double[] p = Scores.sigmoid(new float[] {-3, 3}, 1);
        assertThat(p[0] + p[1]).isEqualTo(1, EXACT);
    }

    @Test
    void temperatureDividesLogits() {
        assertThat(Scores.softmax(new float[] {1, 4}, 2))
                .containsExactly(Scores.softmax(new float[] {0.5f, 2}, 1), EXACT);
        assertThat(Scores.sigmoid(new float[] {3}, 2)).containsExactly(Scores.sigmoid(new float[] {1.5f}, 1), EXACT);
    }

    @Test
    void softmaxIsADistributionWhateverTheLogits() {
        Random random = new Random(5);
        for (int round = 0; round < 2000; round++) {
            float[] z = new float[1 + random.nextInt(40)];
            float scale = (float) Math.pow(10, random.nextInt(40));
            for (int i = 0; i < z.length; i++) {
                z[i] = (float) random.nextGaussian() * scale;
            }
            double[] p = Scores.softmax(z, 0.5 + random.nextDouble());
            assertThat(Arrays.stream(p).sum()).isEqualTo(1, within(1e-12));
            for (int i = 0; i < z.length; i++) {
                for (int j = 0; j < z.length; j++) {
                    if (z[i] <= z[j]) {
                        assertThat(p[i]).isLessThanOrEqualTo(p[j]);
                    }
                }
            }
        }
    }

    @Test
    void refusesNaNAndNothing() {
        assertThatThrownBy(() -> Scores.softmax(new float[] {0, Float.NaN}, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expected a number as logit 1, found NaN");
        assertThatThrownBy(() -> Scores.sigmoid(new float[] {Float.NaN}, 1)).hasMessageContaining("logit 0");
        assertThatThrownBy(() -> Scores.sigmoid(new float[0], 1)).hasMessage("expected at least one logit, found none");
        for (double t : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> Scores.softmax(new float[] {1}, t))
                    .hasMessageContaining("expected a positive temperature");
        }
    }
}
