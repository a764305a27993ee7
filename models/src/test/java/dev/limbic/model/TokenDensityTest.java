package dev.limbic.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.domain.Encoding;
import org.junit.jupiter.api.Test;

class TokenDensityTest {
    private static final String TEXT = "x".repeat(100);
    private final TokenDensity density = new TokenDensity(64);

    @Test
    void whatIsNotKnownIsTakenForLittle() {
        assertThat(density.expected(TEXT)).isEqualTo(6);
        assertThat(density.expected("ok")).isEqualTo(1);
    }

    @Test
    void textsTellHowManyTokensTheyHave() {
        for (int i = 0; i < 200; i++) {
            density.observed(TEXT, new Encoding(new int[25], false));
            density.observed("x".repeat(8), new Encoding(new int[2], false));
        }
        assertThat(density.expected(TEXT)).isEqualTo(25);
        assertThat(density.expected("x".repeat(8))).isEqualTo(2);
    }

    @Test
    void noTextHasMoreThanTheModelReads() {
        for (int i = 0; i < 200; i++) {
            density.observed(TEXT, new Encoding(new int[60], false));
        }
        assertThat(density.expected("x".repeat(16_000))).isEqualTo(64);
    }

    @Test
    void aTextThatWasCutOffTeachesNothing() {
        for (int i = 0; i < 200; i++) {
            density.observed("x".repeat(16_000), new Encoding(new int[64], true));
        }
        assertThat(density.expected(TEXT)).isEqualTo(6);
    }
}
