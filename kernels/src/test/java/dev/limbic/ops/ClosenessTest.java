package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What compares with oracles forgets no element, wherever it stands and whatever stands beside it. */
final class ClosenessTest {
    private static final Closeness CLOSE = new Closeness(1e-3, 1e-3);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void oneWrongElementIsEnough(int at) {
        for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 2}) {
            float[] actual = {1, 1.0005f, 1};
            actual[at] = wrong;
            assertThatThrownBy(() -> CLOSE.check("it", actual, new double[] {1, 1, 1}))
                    .as("%s at %d", wrong, at)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("element " + at);
            assertThatThrownBy(() -> CLOSE.checkSame("it", new float[] {1, 1, 1}, actual))
                    .as("%s expected at %d", wrong, at)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("element " + at);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, 0})
    void whatIsTheSameIsClose(float value) {
        assertThatCode(() -> new Closeness(0, 0).check("it", new float[] {value}, new double[] {value}))
                .doesNotThrowAnyException();
    }
}
