package dev.limbic.server.wire;

import dev.limbic.domain.Cause;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.Kinds;
import dev.limbic.server.dialogue.DialogueEvent;
import dev.limbic.server.dialogue.Utterance;
import dev.limbic.server.stream.FrameEvent;
import dev.limbic.server.stream.Interaction;
import dev.limbic.server.stream.InteractionSettings;
import dev.limbic.server.stream.Interactions;
import dev.limbic.server.stream.StreamFrame;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * What is said, seen and told on one Interact call. No reply begins while the client does not read; so what waits for a
 * client is bounded by the window and one reply, whatever it sends. The stream tells its events one at a time.
 *
 * <p>A frame has no place in the window: as soon as it waits or is looked at, the next message is asked for, also while the
 * client does not read. Else no newer frame could overtake it, and utterances would wait behind frames. What frames hold is
 * bounded all the same: of each subject one is looked at and one waits, and none is begun while the client does not read,
 * so that one answer of each subject waits to be sent at most. A frame that is refused has a place, as its error comes
 * whether the client reads or not.
 */
final class InteractSession implements StreamCall.Session<InteractRequest>, Interaction.Audience, Interactions.Opening {
    private final StreamCall<InteractRequest, InteractResponse> stream;
    private final Interactions interactions;

    private volatile @Nullable Interaction interaction;
    private volatile InteractionSettings settings = InteractionSettings.DEFAULT;
    private volatile boolean opening;
    private volatile boolean closed;
    private long memory; // what the conversation remembers holds; as the stream tells it, one at a time

    InteractSession(StreamCall<InteractRequest, InteractResponse> stream, Interactions interactions) {
        this.stream = stream;
        this.interactions = interactions;
        stream.expect();
    }

    @Override
    public StreamCall.Said<InteractRequest> next(InteractRequest request) {
        Interaction open = interaction;
        return open == null ? new First() : new Event(open, request);
    }

    /** What comes before anything is open. */
    private final class First implements StreamCall.Said<InteractRequest> {
        @Override
        public void begin(Inbound<InteractRequest> inbound) {
            InteractRequest request = inbound.requireReadable();
            if (!request.hasSetup()) {
                throw new LimbicException.Invalid("the first message must be setup");
            }
            InteractSetup setup = request.getSetup();
            InteractionCodec.cause(request);
            settings = InteractionCodec.settings(setup);
            stream.take(Cost.of(setup)); // as long as the conversation lives
            opening = true; // and no further message is asked for until it has begun
            interactions.open(settings, InteractSession.this, InteractSession.this);
        }

        @Override
        public void failed(LimbicException why) {
            refused(why);
        }
    }

    /** What happens on an open stream. */
    private final class Event implements StreamCall.Said<InteractRequest> {
        private final Interaction open;
        private final InteractRequest request;

        Event(Interaction open, InteractRequest request) {
            this.open = open;
            this.request = request;
        }

        @Override
        public void begin(Inbound<InteractRequest> inbound) {
            inbound.requireReadable();
            Cause cause = InteractionCodec.cause(request);
            switch (request.getEventCase()) {
                case UTTERANCE -> say(InteractionCodec.utterance(cause, request.getUtterance(), stream.deadline()));
                case INTERRUPT -> {
                    open.interrupt();
                    stream.done();
                }
                case SETUP -> throw new LimbicException.Invalid("setup comes first and only once");
                case FRAME -> see(InteractionCodec.frame(cause, request.getFrame(), settings, stream.deadline()));
                case AUDIO, SIGNAL, FACE_WEIGHTS, FEEDBACK -> throw InteractionCodec.unserved(request.getEventCase());
                case EVENT_NOT_SET ->
                    throw new LimbicException.Invalid("no event (or this server is older than the client)");
            }
        }

        private void say(Utterance utterance) {
            stream.admit(Cost.of(utterance));
            open.say(utterance);
        }

        private void see(StreamFrame frame) {
            stream.admit(Cost.of(frame));
            try {
                open.see(frame);
            } catch (LimbicException e) {
                stream.hold(-Cost.of(frame));
                throw e;
            }
            stream.setAside();
        }

        /** Answers a message that the stream never heard of. */
        @Override
        public void failed(LimbicException why) {
            Cause cause = InteractionCodec.echo(request);
            if (request.hasFrame()) {
                event(new FrameEvent.Failed(cause, why, 0));
            } else {
                event(new DialogueEvent.Failed(cause, why), true);
            }
            stream.done();
        }
    }

    @Override
    public void opened(Interaction begun) {
        interaction = begun;
        opening = false;
        if (closed) {
            begun.close();
            return;
        }
        stream.open();
        stream.endIfQuiet();
    }

    @Override
    public void refused(LimbicException why) {
        opening = false;
        stream.end(why);
    }

    @Override
    public void event(DialogueEvent event, boolean wanted) {
        if (wanted && !stream.send(InteractionCodec.event(event, stream::failure))) {
            return;
        }
        switch (event) {
            case DialogueEvent.Heard heard -> {
                stream.charge(heard.answer().tokens());
                stream.count(
                        target(),
                        Status.Code.OK,
                        System.nanoTime() - heard.answer().timing().totalNanos());
            }
            case DialogueEvent.Failed failed ->
                stream.count(target(), Failures.of(failed.failure()).code(), System.nanoTime());
            case DialogueEvent.ReplyToken token when token.token().id() >= 0 -> stream.charge(1);
            case DialogueEvent.ReplyEnded reply ->
                stream.charge(reply.finish().usage().promptTokens());
            default -> {
                // Replies are counted where they are written; ready-made ones cost nothing.
            }
        }
    }

    @Override
    public void event(FrameEvent event) {
        if (!stream.send(InteractionCodec.event(event, stream::failure))) {
            return;
        }
        Status.Code code = switch (event) {
            case FrameEvent.Seen seen -> {
                stream.charge(seen.reading().tokens());
                yield Status.Code.OK;
            }
            case FrameEvent.Failed failed -> Failures.of(failed.failure()).code();
        };
        stream.count(Target.faces(settings.frames().model()), code, System.nanoTime() - event.totalNanos());
    }

    @Override
    public void done(StreamFrame frame) {
        stream.hold(-Cost.of(frame));
        stream.endIfQuiet();
    }

    @Override
    public void done(Utterance utterance, long remembered) {
        stream.hold(remembered - memory - Cost.of(utterance));
        memory = remembered;
        stream.done();
    }

    @Override
    public boolean listens() {
        return stream.listens();
    }

    @Override
    public void proceed() {
        Interaction open = interaction;
        if (open != null) {
            open.proceed();
        }
    }

    @Override
    public boolean idle() {
        Interaction open = interaction;
        return !opening && (open == null || open.idle());
    }

    @Override
    public void close() {
        closed = true;
        Interaction open = interaction;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public Target target() {
        return Target.of(Kinds.TEXT, settings.dialogue().emotionModel());
    }
}
