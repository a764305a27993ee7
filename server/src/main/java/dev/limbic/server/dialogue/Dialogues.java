package dev.limbic.server.dialogue;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.Pipeline;
import dev.limbic.server.pipeline.ReplyPipeline;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What all conversations share. Thread-safe.
 *
 * @param maxTurns most turns that a conversation remembers
 */
public record Dialogues(Pipeline texts, ReplyPipeline replies, ResponseStrategy strategy, int maxTurns) {
    /**
     * Begins a conversation. What the settings ban is tokenised for it, which would hold up a network thread.
     *
     * @param lock under which its events are told
     * @throws LimbicException if the settings name a model that is not served, or cannot be followed
     */
    public Dialogue open(DialogueSettings settings, ReentrantLock lock, Dialogue.Audience audience) {
        return new Dialogue(texts, replies, strategy, maxTurns, settings, lock, audience);
    }

    /** {@link #open(DialogueSettings, ReentrantLock, Dialogue.Audience)} of a conversation that is alone. */
    public Dialogue open(DialogueSettings settings, Dialogue.Audience audience) {
        return open(settings, new ReentrantLock(), audience);
    }
}
