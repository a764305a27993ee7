package dev.limbic.server.stream;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.dialogue.Dialogue;
import dev.limbic.server.dialogue.DialogueEvent;
import dev.limbic.server.dialogue.Utterance;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A client's stream from its setup to its end: the conversation and the frames, of which it hears what it wants to.
 * Thread-safe; the audience is told one thing at a time.
 */
public final class Interaction {
    /** Who hears what happens; see {@link Dialogue.Audience}. */
    public interface Audience extends Frames.Audience {
        /**
         * The next event of the conversation.
         *
         * @param wanted whether the client wants to hear of it; what it costs, it costs anyway
         */
        void event(DialogueEvent event, boolean wanted);

        /** See {@link Dialogue.Audience#done}. */
        void done(Utterance utterance, long remembered);

        /** Whether more would be heard; if not, {@link Interaction#proceed} is called once it would. */
        @Override
        boolean listens();
    }

    private final Interactions shared;
    private final InteractionSettings settings;
    private final Dialogue dialogue;
    private final Frames frames;

    /** @throws LimbicException if the settings name a model that is not served, or cannot be followed */
    Interaction(Interactions shared, InteractionSettings settings, Audience audience) {
        this.shared = shared;
        this.settings = settings;
        ReentrantLock lock = new ReentrantLock(); // of both: what is told of one asks for the other
        this.dialogue = shared.dialogues().open(settings.dialogue(), lock, new Filter(settings, audience));
        this.frames = new Frames(
                shared.faces(), shared.frames(), settings.frames(), shared.observer(), shared.nanos(), lock, audience);
    }

    /** The person says something. Utterances must be said one after the other. */
    public void say(Utterance utterance) {
        forgetSilent();
        dialogue.say(settings.channels().contains(Channel.REPLY) ? utterance : utterance.unanswered());
    }

    /** Forgets subjects that were silent for long enough. */
    void forgetSilent() {
        frames.forgetSilent();
    }

    /** Ends the reply that is being written, and those that wait. */
    public void interrupt() {
        dialogue.interrupt();
    }

    /**
     * A camera sees something.
     *
     * @throws LimbicException.Invalid if the client does not want to hear of faces
     * @throws LimbicException.Overloaded if it is of one subject more than there may be
     */
    public void see(StreamFrame frame) {
        if (!settings.channels().contains(Channel.FACES)) {
            throw new LimbicException.Invalid("nobody would hear of the frame: setup.channels are without faces");
        }
        frames.see(frame);
    }

    /** Goes on when the audience listens again. */
    public void proceed() {
        dialogue.proceed();
        frames.proceed();
    }

    /** Whether everything that came is answered. */
    public boolean idle() {
        return dialogue.idle() && frames.idle();
    }

    /** Ends everything; no event will follow. */
    public void close() {
        shared.closed(this);
        dialogue.close();
        frames.close();
    }

    /** Says which events the client wants to hear of. */
    private record Filter(InteractionSettings settings, Audience audience) implements Dialogue.Audience {
        @Override
        public void event(DialogueEvent event) {
            audience.event(event, wants(event));
        }

        private boolean wants(DialogueEvent event) {
            return switch (event) {
                case DialogueEvent.Heard heard -> settings.channels().contains(Channel.ANALYSIS);
                case DialogueEvent.Failed failed -> true;
                case DialogueEvent.ReplyStarted started -> settings.channels().contains(Channel.REPLY);
                case DialogueEvent.ReplyToken token -> settings.channels().contains(Channel.REPLY);
                case DialogueEvent.ReplyEnded ended -> settings.channels().contains(Channel.REPLY);
            };
        }

        @Override
        public void done(Utterance utterance, long remembered) {
            audience.done(utterance, remembered);
        }

        @Override
        public boolean listens() {
            return audience.listens();
        }
    }
}
