package dev.limbic.server.pipeline;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Turn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A reply to write.
 *
 * @param model name of a language model, empty for the default one
 * @param input what to continue
 * @param cue how the reply shall sound, or null
 * @param timeoutNanos time from now after which the reply ends, {@link Long#MAX_VALUE} for none
 */
public record ReplyRequest(
        String model, Input input, @Nullable Cue cue, SamplingWish sampling, Priority priority, long timeoutNanos) {
    /** What a reply continues. */
    public sealed interface Input {}

    /**
     * A conversation.
     *
     * @param forgets whether the oldest turns are left out until it fits into the model; the persona stays
     */
    public record Talk(List<Turn> turns, boolean forgets) implements Input {}

    /** Text as it is. */
    public record Prompt(String text) implements Input {
        /** Text is private: it must not reach a log through a careless string conversion. */
        @Override
        public String toString() {
            return "Prompt[]";
        }
    }
}
