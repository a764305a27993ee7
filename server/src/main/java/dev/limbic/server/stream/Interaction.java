package dev.limbic.server.stream;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.dialogue.Dialogue;
import dev.limbic.server.dialogue.DialogueEvent;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.dialogue.Utterance;

/** A client's stream from its setup to its end: the conversation, of which it hears what it wants to. Thread-safe. */
public final class Interaction {
    /** Hears how a stream began; one method is called, once, from a worker. */
    public interface Opening {
        /** It has begun. */
        void opened(Interaction interaction);

        /** It cannot be had as the settings say. */
        void refused(LimbicException why);
    }

    /** Who hears what happens; see {@link Dialogue.Audience}. */
    public interface Audience {
        /**
         * The next event.
         *
         * @param wanted whether the client wants to hear of it; what it costs, it costs anyway
         */
        void event(DialogueEvent event, boolean wanted);

        /** See {@link Dialogue.Audience#done}. */
        void done(Utterance utterance, long remembered);

        /** See {@link Dialogue.Audience#listens}. */
        boolean listens();
    }

    private final InteractionSettings settings;
    private final Dialogue dialogue;

    private Interaction(InteractionSettings settings, Dialogue dialogue) {
        this.settings = settings;
        this.dialogue = dialogue;
    }

    /**
     * Begins a stream, on a worker.
     *
     * @throws LimbicException.Overloaded if too much waits there already; the opening hears nothing then
     */
    public static void open(Dialogues dialogues, InteractionSettings settings, Audience audience, Opening opening) {
        dialogues.open(settings.dialogue(), new Filter(settings, audience), new Dialogues.Opening() {
            @Override
            public void opened(Dialogue dialogue) {
                opening.opened(new Interaction(settings, dialogue));
            }

            @Override
            public void refused(LimbicException why) {
                opening.refused(why);
            }
        });
    }

    /** The person says something. Utterances must be said one after the other. */
    public void say(Utterance utterance) {
        dialogue.say(settings.channels().contains(Channel.REPLY) ? utterance : utterance.unanswered());
    }

    /** Ends the reply that is being written, and those that wait. */
    public void interrupt() {
        dialogue.interrupt();
    }

    /** Goes on when the audience listens again. */
    public void proceed() {
        dialogue.proceed();
    }

    /** Whether everything that came is answered. */
    public boolean idle() {
        return dialogue.idle();
    }

    /** Ends everything; no event will follow. */
    public void close() {
        dialogue.close();
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
