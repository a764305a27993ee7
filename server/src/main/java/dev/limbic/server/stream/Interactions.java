package dev.limbic.server.stream;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.pipeline.FaceReader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** All streams, and what they share. Thread-safe. */
public final class Interactions {
    /** Hears how a stream began; one method is called, once, from a worker. */
    public interface Opening {
        /** It has begun. */
        void opened(Interaction interaction);

        /** It cannot be had as the settings say. */
        void refused(LimbicException why);
    }

    private final Dialogues dialogues;
    private final FaceReader faces;
    private final FrameRules frames;
    private final FrameObserver observer;
    private final LongSupplier nanos;
    private final Set<Interaction> open = ConcurrentHashMap.newKeySet();

    /**
     * No streams yet.
     *
     * @param dialogues holds their conversations
     * @param faces reads the faces of their frames
     * @param nanos the time, as {@link System#nanoTime}
     */
    public Interactions(
            Dialogues dialogues, FaceReader faces, FrameRules frames, FrameObserver observer, LongSupplier nanos) {
        this.dialogues = dialogues;
        this.faces = faces;
        this.frames = frames;
        this.observer = observer;
        this.nanos = nanos;
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
            open.add(interaction);
            opening.opened(interaction);
        });
    }

    /**
     * Forgets subjects of all streams that were silent for long enough, so that a stream on which nothing happens keeps no
     * place on a device from the others. To be called now and then.
     */
    public void forgetSilent() {
        open.forEach(Interaction::forgetSilent);
    }

    /** The stream has ended. */
    void closed(Interaction interaction) {
        open.remove(interaction);
    }

    /** Holds their conversations. */
    public Dialogues dialogues() {
        return dialogues;
    }

    /** Reads the faces of their frames. */
    public FaceReader faces() {
        return faces;
    }

    FrameRules frames() {
        return frames;
    }

    FrameObserver observer() {
        return observer;
    }

    LongSupplier nanos() {
        return nanos;
    }
}
