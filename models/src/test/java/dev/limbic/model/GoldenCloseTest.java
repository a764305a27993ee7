package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The comparison of the golden tests forgets no element. */
final class GoldenCloseTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void oneWrongElementIsEnough(int at) {
        for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY, 1.5f}) {
            float[] actual = {1, 1, 1};
            actual[at] = wrong;
            assertThatThrownBy(() -> GoldenContract.assertClose("it", actual, new float[] {1, 1, 1}, 0.1))
                    .as("%s at %d", wrong, at)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("worst element " + at);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {1, 1.05f})
    void withinTheBoundIsClose(float value) {
        assertThatCode(() -> GoldenContract.assertClose("it", new float[] {value}, new float[] {1}, 0.1))
                .doesNotThrowAnyException();
    }
}
