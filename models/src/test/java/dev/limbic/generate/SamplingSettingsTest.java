package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class SamplingSettingsTest {
    private final Settings settings = Settings.drawn(1, 9);

    private static void refused(ThrowingCallable made, String message) {
        assertThatThrownBy(made).isInstanceOf(LimbicException.Invalid.class).hasMessage(message);
    }

    @Test
    void wrongValuesAreNamed() {
        refused(() -> settings.temperature(-1), "temperature must be 0.0 to 100.0, found -1.0");
        refused(() -> settings.temperature(Float.NaN), "temperature must be 0.0 to 100.0, found NaN");
        refused(() -> settings.truncation(-1, 1, 0), "top_k must be 0 (all) or more, found -1");
        refused(() -> settings.truncation(0, 0, 0), "top_p must be above 0 to 1, found 0.0");
        refused(() -> settings.truncation(0, 1.01f, 0), "top_p must be above 0 to 1, found 1.01");
        refused(() -> settings.truncation(0, 1, 1.5f), "min_p must be 0.0 to 1.0, found 1.5");
        refused(() -> settings.penalties(0, 0, 0), "repetition_penalty must be 0.01 to 100.0, found 0.0");
        refused(() -> settings.penalties(1, 3, 0), "presence_penalty must be -2.0 to 2.0, found 3.0");
        refused(() -> settings.penalties(1, 0, -3), "frequency_penalty must be -2.0 to 2.0, found -3.0");
        refused(
                () -> settings.bias(Map.of(3, Float.POSITIVE_INFINITY)),
                "logit_bias of token 3 must be a finite number, found Infinity");
        refused(
                () -> settings.banned(List.of(List.of())),
                "a banned sequence must have at least one token, found none");
        refused(() -> settings.alternatives(21), "top_log_probs must be 0 to 20, found 21");
        refused(() -> settings.alternatives(-1), "top_log_probs must be 0 to 20, found -1");
        refused(() -> settings.ending(List.of(), List.of(), 0, 0), "max_new_tokens must be at least 1, found 0");
        refused(
                () -> settings.ending(List.of(), List.of(), 4, 3),
                "min_new_tokens must be 0 to max_new_tokens (3), found 4");
    }

    @Test
    void stopStringsAreWholeAndFew() {
        refused(() -> stops(""), "a stop string must have 1 to 256 characters, found 0");
        refused(() -> stops("x".repeat(257)), "a stop string must have 1 to 256 characters, found 257");
        refused(() -> stops("😀".substring(0, 1)), "a stop string holds half of a character");
        refused(() -> stops("😀".substring(1)), "a stop string holds half of a character");
        refused(
                () -> settings.ending(List.of(), Collections.nCopies(33, "x"), 0, 9),
                "at most 32 stop strings are possible, found 33");
        stops("😀");
    }

    private void stops(String stop) {
        settings.ending(List.of(), List.of(stop), 0, 9);
    }

    @Test
    void whatTheCallerChangesLaterChangesNothing() {
        List<Integer> banned = new ArrayList<>(List.of(1));
        Settings made = settings.banned(List.of(banned));
        banned.add(2);
        assertThat(made.built().bannedSequences()).containsExactly(List.of(1));
    }
}
