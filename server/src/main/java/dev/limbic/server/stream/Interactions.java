package dev.limbic.server.stream;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.pipeline.FaceReader;
import java.util.function.LongSupplier;

/**
 * What all streams share. Thread-safe.
 *
 * @param dialogues holds their conversations
 * @param faces reads the faces of their frames
 * @param nanos the time, as {@link System#nanoTime}
 */
public record Interactions(
        Dialogues dialogues, FaceReader faces, FrameRules frames, FrameObserver observer, LongSupplier nanos) {
    /** Hears how a stream began; one method is called, once, from a worker. */
    public interface Opening {
        /** It has begun. */
        void opened(Interaction interaction);

        /** It cannot be had as the settings say. */
        void refused(LimbicException why);
    }

    /**
     * Begins a stream, on a worker.
     *
     * @throws LimbicException.Overloaded if too much waits there already; the opening hears nothing then
     */
    public void open(InteractionSettings settings, Interaction.Audience audience, Opening opening) {
        dialogues.replies().later(settings.dialogue().priority(), () -> {
            Interaction interaction;
            try {
                interaction = new Interaction(this, settings, audience);
            } catch (LimbicException e) {
                opening.refused(e);
                return;
            } catch (RuntimeException e) {
                opening.refused(new LimbicException.Internal("the stream could not be begun", e));
                return;
            }
            opening.opened(interaction);
        });
    }
}
