package dev.limbic.server.dialogue;

import dev.limbic.domain.Cue;
import org.jspecify.annotations.Nullable;

/**
 * A turn of the person.
 *
 * @param id the client's name for it
 * @param replies whether it gets a reply
 * @param cue how the reply shall sound; null lets the strategy choose
 * @param timeoutNanos time from now after which the reply ends, {@link Long#MAX_VALUE} for none
 */
public record Utterance(
        String id, String text, boolean replies, @Nullable Cue cue, long timeoutNanos) {
    /** Text is private: it must not reach a log through a careless string conversion. */
    @Override
    public String toString() {
        return "Utterance[id=" + id + ", replies=" + replies + "]";
    }
}
