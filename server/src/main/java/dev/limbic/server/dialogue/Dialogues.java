package dev.limbic.server.dialogue;

import dev.limbic.server.pipeline.ReplyPipeline;
import dev.limbic.server.pipeline.TextPipeline;

/**
 * What all conversations share. Thread-safe.
 *
 * @param maxTurns most turns that a conversation remembers
 */
public record Dialogues(TextPipeline texts, ReplyPipeline replies, ResponseStrategy strategy, int maxTurns) {
    /**
     * Begins a conversation.
     *
     * @throws dev.limbic.domain.LimbicException.NotFound if the settings name a model that is not served
     */
    public Dialogue open(DialogueSettings settings, Dialogue.Audience audience) {
        return new Dialogue(texts, replies, strategy, maxTurns, settings, audience);
    }
}
