package dev.limbic.generate;

import dev.limbic.domain.LimbicException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of one row of logits. Log-probabilities are those of the model, before bias, penalties and temperature.
 *
 * @param outcome whether a token was chosen; if not, {@link #failure} says why
 * @param id the token; the first one whose logit is not finite
 * @param logProbability natural logarithm of its probability; the logit that is not finite
 * @param alternatives the most probable tokens, most probable first, as many as the request asked for
 */
public record Choice(Outcome outcome, int id, float logProbability, List<GeneratedToken.Alternative> alternatives) {
    /** Whether there is a token. */
    public enum Outcome {
        CHOSEN,
        /** A logit is NaN or infinite. */
        NOT_FINITE,
        /** Bias, bans and the minimum length exclude every token. */
        NOTHING_LEFT
    }

    /** Why there is no token, or null. */
    @Nullable
    LimbicException failure() {
        return switch (outcome) {
            case CHOSEN -> null;
            case NOT_FINITE ->
                new LimbicException.Internal(
                        "the model gave a logit that is not a finite number",
                        new ArithmeticException("logit of token %d is %s".formatted(id, logProbability)));
            case NOTHING_LEFT ->
                new LimbicException.Invalid("logit bias, banned sequences and minimum length leave no token to choose");
        };
    }
}
