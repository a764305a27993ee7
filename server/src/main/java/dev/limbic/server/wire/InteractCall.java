package dev.limbic.server.wire;

import dev.limbic.domain.Cause;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.Kinds;
import dev.limbic.server.dialogue.DialogueEvent;
import dev.limbic.server.dialogue.Utterance;
import dev.limbic.server.security.Caller;
import dev.limbic.server.stream.Interaction;
import dev.limbic.server.stream.InteractionSettings;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One Interact call. As many messages are read as the window has places, and one more each time one is done with and all
 * that was said until then has left; no reply begins while the client does not read. So what waits for a client is
 * bounded by the window and one reply, whatever it sends.
 *
 * <p>gRPC calls the listener methods one after another, and the dialogue tells its events one at a time.
 */
final class InteractCall extends ServerCall.Listener<Inbound<InteractRequest>>
        implements Interaction.Audience, Interaction.Opening, Admission.Stream {
    private final Calls calls;
    private final Admission.Seat seat;
    private final Outbox<InteractResponse> outbox;
    private final Caller caller = Entrance.caller();
    private final @Nullable Deadline deadline = Context.current().getDeadline();
    private final long startedNanos = System.nanoTime();

    private volatile @Nullable Interaction interaction;
    private volatile InteractionSettings settings = InteractionSettings.DEFAULT;
    private volatile boolean opening;
    private volatile boolean gone;
    private long memory; // what the conversation remembers holds; as the dialogue tells it, one at a time
    private volatile boolean halfClosed;
    private volatile boolean draining;

    private InteractCall(
            Calls calls, ServerCall<Inbound<InteractRequest>, InteractResponse> call, Admission.Seat seat) {
        this.calls = calls;
        this.seat = seat;
        this.outbox = new Outbox<>(call, seat);
    }

    static ServerCall.Listener<Inbound<InteractRequest>> start(
            Calls calls, ServerCall<Inbound<InteractRequest>, InteractResponse> call) {
        Admission.Seat seat;
        try {
            seat = calls.admission().enterStream();
        } catch (LimbicException e) {
            return UnaryCall.refuse(calls, call, Calls.INTERACT, e);
        }
        InteractCall interact = new InteractCall(calls, call, seat);
        call.request(1);
        calls.observer().streamOpened();
        calls.admission().opened(interact);
        return interact;
    }

    @Override
    public void onMessage(Inbound<InteractRequest> inbound) {
        Interaction open = interaction;
        if (open == null) {
            begin(inbound);
            return;
        }
        try {
            hear(open, inbound.requireReadable());
        } catch (LimbicException e) {
            refuse(InteractionCodec.echo(inbound.request()), e);
        }
    }

    /** @throws LimbicException if nothing comes of it */
    private void hear(Interaction open, InteractRequest request) {
        Cause cause = InteractionCodec.cause(request);
        switch (request.getEventCase()) {
            case UTTERANCE -> say(open, InteractionCodec.utterance(cause, request.getUtterance(), deadline));
            case INTERRUPT -> {
                open.interrupt();
                outbox.ask();
            }
            case SETUP -> throw new LimbicException.Invalid("setup comes first and only once");
            case FRAME, AUDIO, SIGNAL, FACE_WEIGHTS, FEEDBACK ->
                throw InteractionCodec.unserved(request.getEventCase());
            case EVENT_NOT_SET ->
                throw new LimbicException.Invalid("no event (or this server is older than the client)");
        }
    }

    private void begin(Inbound<InteractRequest> inbound) {
        try {
            InteractRequest request = inbound.requireReadable();
            if (!request.hasSetup()) {
                throw new LimbicException.Invalid("the first message must be setup");
            }
            InteractSetup setup = request.getSetup();
            InteractionCodec.cause(request);
            settings = InteractionCodec.settings(setup);
            seat.take(Cost.of(setup)); // as long as the conversation lives
            opening = true; // and no further message is asked for until it has begun
            Interaction.open(calls.dialogues(), settings, this, this);
        } catch (LimbicException e) {
            refused(e);
        }
    }

    @Override
    public void opened(Interaction begun) {
        interaction = begun;
        opening = false;
        if (gone) {
            begun.close();
            return;
        }
        outbox.open(calls.window());
        endIfQuiet();
    }

    @Override
    public void refused(LimbicException why) {
        opening = false;
        end(why);
    }

    private void say(Interaction open, Utterance utterance) {
        if (draining) {
            throw stopping();
        }
        caller.request();
        seat.take(Cost.of(utterance));
        open.say(utterance);
    }

    /** Answers a message that the dialogue never heard of. */
    private void refuse(Cause cause, LimbicException why) {
        event(new DialogueEvent.Failed(cause, why), true);
        outbox.ask();
    }

    @Override
    public void event(DialogueEvent event, boolean wanted) {
        try {
            if (wanted) {
                outbox.send(InteractionCodec.event(event, calls));
            }
        } catch (LimbicException.Overloaded unread) {
            cut(unread);
            return;
        }
        switch (event) {
            case DialogueEvent.Heard heard -> {
                caller.charge(heard.answer().cost());
                calls.answered(
                        Calls.INTERACT,
                        Kinds.TEXT,
                        settings.dialogue().emotionModel(),
                        Status.Code.OK,
                        System.nanoTime() - heard.answer().timing().totalNanos());
            }
            case DialogueEvent.Failed failed ->
                calls.answered(
                        Calls.INTERACT,
                        Kinds.TEXT,
                        settings.dialogue().emotionModel(),
                        Failures.of(failed.failure()).code(),
                        System.nanoTime());
            case DialogueEvent.ReplyToken token when token.token().id() >= 0 -> caller.charge(1);
            case DialogueEvent.ReplyEnded reply ->
                caller.charge(reply.finish().usage().promptTokens());
            default -> {
                // Replies are counted where they are written; ready-made ones cost nothing.
            }
        }
    }

    @Override
    public void done(Utterance utterance, long remembered) {
        seat.give(Cost.of(utterance));
        seat.hold(remembered - memory);
        memory = remembered;
        outbox.ask();
        endIfQuiet();
    }

    /** Of a client that does not read, while all calls hold too much, nothing is kept. */
    private void cut(LimbicException why) {
        Failures.Failure failure = Failures.of(why);
        if (outbox.cut(failure.status(), failure.trailers())) {
            calls.answered(
                    Calls.INTERACT, Kinds.TEXT, settings.dialogue().emotionModel(), failure.code(), startedNanos);
        }
        Interaction open = interaction;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public boolean listens() {
        return outbox.clear();
    }

    @Override
    public void onReady() {
        outbox.flush();
        Interaction open = interaction;
        if (open != null) {
            open.proceed();
        }
    }

    @Override
    public void onHalfClose() {
        halfClosed = true;
        endIfQuiet();
    }

    @Override
    public void drain() {
        draining = true;
        endIfQuiet();
    }

    private void endIfQuiet() {
        Interaction open = interaction;
        if ((halfClosed || draining) && !opening && (open == null || open.idle())) {
            if (halfClosed) {
                outbox.close(Status.OK, new Metadata());
            } else {
                Failures.Failure stopping = Failures.of(stopping());
                outbox.close(stopping.status(), stopping.trailers());
            }
        }
    }

    private void end(LimbicException thrown) {
        Failures.Failure failure = calls.failure(Calls.INTERACT, thrown);
        if (outbox.close(failure.status(), failure.trailers())) {
            calls.answered(
                    Calls.INTERACT, Kinds.TEXT, settings.dialogue().emotionModel(), failure.code(), startedNanos);
        }
    }

    private static LimbicException stopping() {
        return new LimbicException.Unavailable("the server is stopping", Duration.ofSeconds(1));
    }

    @Override
    public void onCancel() {
        left();
    }

    @Override
    public void onComplete() {
        left();
    }

    private void left() {
        gone = true;
        outbox.abandon();
        Interaction open = interaction;
        if (open != null) {
            open.close();
        }
        calls.admission().closed(this);
        seat.leave();
        calls.observer().streamClosed();
    }
}
