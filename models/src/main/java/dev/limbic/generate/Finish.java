package dev.limbic.generate;

import dev.limbic.domain.LimbicException;
import org.jspecify.annotations.Nullable;

/**
 * The end of a text.
 *
 * @param reason why it ended
 * @param text what was still held back of it
 * @param usage what it took
 * @param failure what went wrong; null unless the reason is {@link FinishReason#FAILED}
 */
public record Finish(
        FinishReason reason,
        String text,
        Usage usage,
        @Nullable LimbicException failure) {
    /**
     * What a text took.
     *
     * @param promptTokens tokens of the prompt
     * @param cachedTokens how many of them had been computed for an earlier request
     * @param newTokens tokens handed to the listener; a stop token is none of them
     * @param preemptions how often the text had to give way and was computed again
     */
    public record Usage(int promptTokens, int cachedTokens, int newTokens, int preemptions) {}
}
