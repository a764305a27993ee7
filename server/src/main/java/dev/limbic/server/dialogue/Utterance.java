package dev.limbic.server.dialogue;

import dev.limbic.domain.Cause;
import dev.limbic.domain.Cue;
import org.jspecify.annotations.Nullable;

/**
 * A turn of the person.
 *
 * @param cause what comes back with all that it causes
 * @param replies whether it gets a reply
 * @param cue how the reply shall sound; null lets the strategy choose
 * @param timeoutNanos time from now after which the reply ends, {@link Long#MAX_VALUE} for none
 */
public record Utterance(
        Cause cause, String text, boolean replies, @Nullable Cue cue, long timeoutNanos) {
    /** The same, but for a reply. */
    public Utterance unanswered() {
        return new Utterance(cause, text, false, cue, timeoutNanos);
    }

    /** Text is private: it must not reach a log through a careless string conversion. */
    @Override
    public String toString() {
        return "Utterance[cause=" + cause + ", replies=" + replies + "]";
    }
}
