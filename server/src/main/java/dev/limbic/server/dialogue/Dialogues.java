package dev.limbic.server.dialogue;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.Pipeline;
import dev.limbic.server.pipeline.ReplyPipeline;

/**
 * What all conversations share. Thread-safe.
 *
 * @param maxTurns most turns that a conversation remembers
 */
public record Dialogues(Pipeline texts, ReplyPipeline replies, ResponseStrategy strategy, int maxTurns) {
    /** Hears how a conversation began; one method is called, once, from a worker. */
    public interface Opening {
        /** It has begun. */
        void opened(Dialogue dialogue);

        /** It cannot be had as the settings say. */
        void refused(LimbicException why);
    }

    /**
     * {@link #open(DialogueSettings, Dialogue.Audience)} on a worker: what the settings ban is tokenised for it, which
     * would hold up a network thread.
     *
     * @throws LimbicException.Overloaded if too much waits there already; the opening hears nothing then
     */
    public void open(DialogueSettings settings, Dialogue.Audience audience, Opening opening) {
        replies.later(settings.priority(), () -> {
            Dialogue dialogue;
            try {
                dialogue = open(settings, audience);
            } catch (LimbicException e) {
                opening.refused(e);
                return;
            } catch (RuntimeException e) {
                opening.refused(new LimbicException.Internal("the conversation could not be begun", e));
                return;
            }
            opening.opened(dialogue);
        });
    }

    /**
     * Begins a conversation.
     *
     * @throws LimbicException if the settings name a model that is not served, or cannot be followed
     */
    public Dialogue open(DialogueSettings settings, Dialogue.Audience audience) {
        return new Dialogue(texts, replies, strategy, maxTurns, settings, audience);
    }
}
