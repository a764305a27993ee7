package dev.limbic.model;

import dev.limbic.domain.Encoding;

/** How many tokens texts of a length have, as the texts before them had. Thread-safe. */
final class TokenDensity {
    /** Of the difference to what was expected, how much is learnt. */
    private static final double GAIN = 1.0 / 16;

    /** Where nothing is known: few, so that nobody is refused for the tokens that his text does not have. */
    private static final double FEWEST_PER_CHAR = 1.0 / 16;

    private final int maxTokens;
    private double tokens = FEWEST_PER_CHAR;
    private double chars = 1;
    private volatile double perChar = FEWEST_PER_CHAR;

    /** @param maxTokens what more is left out */
    TokenDensity(int maxTokens) {
        this.maxTokens = maxTokens;
    }

    /** About how many tokens a text has, at least 1. */
    int expected(String text) {
        return Math.clamp(Math.round(text.length() * perChar), 1, maxTokens);
    }

    /** Learns from a text. One that was cut off teaches nothing. */
    synchronized void observed(String text, Encoding encoding) {
        if (!encoding.truncated()) {
            tokens += GAIN * (encoding.cost() - tokens);
            chars += GAIN * (text.length() - chars);
            perChar = tokens / chars;
        }
    }
}
