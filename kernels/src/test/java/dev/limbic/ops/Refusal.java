package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Wrong arguments are refused before anything is computed, with the name of the operation. */
final class Refusal {
    private Refusal() {}

    static void refused(String operation, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(operation);
    }
}
