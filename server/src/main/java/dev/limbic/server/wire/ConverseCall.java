package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import dev.limbic.model.Kinds;
import dev.limbic.server.dialogue.Dialogue;
import dev.limbic.server.dialogue.DialogueEvent;
import dev.limbic.server.dialogue.DialogueSettings;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.dialogue.Utterance;
import dev.limbic.server.security.Caller;
import dev.limbic.v1.ConverseRequest;
import dev.limbic.v1.ConverseResponse;
import dev.limbic.v1.ConverseSetup;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One Converse call. As many messages are read as the window has places, and one more each time one is done with and all
 * that was said until then has left; no reply begins while the client does not read. So what waits for a client is
 * bounded by the window and one reply, whatever it sends.
 *
 * <p>gRPC calls the listener methods one after another, and the dialogue tells its events one at a time.
 */
final class ConverseCall extends ServerCall.Listener<Inbound<ConverseRequest>>
        implements Dialogue.Audience, Dialogues.Opening, Admission.Stream {
    private final Calls calls;
    private final Admission.Seat seat;
    private final Outbox<ConverseResponse> outbox;
    private final Caller caller = Entrance.caller();
    private final @Nullable Deadline deadline = Context.current().getDeadline();
    private final long startedNanos = System.nanoTime();

    private volatile @Nullable Dialogue dialogue;
    private volatile DialogueSettings settings = DialogueSettings.DEFAULT;
    private volatile boolean opening;
    private volatile boolean gone;
    private long memory; // what the conversation remembers holds; as the dialogue tells it, one at a time
    private volatile boolean halfClosed;
    private volatile boolean draining;

    private ConverseCall(
            Calls calls, ServerCall<Inbound<ConverseRequest>, ConverseResponse> call, Admission.Seat seat) {
        this.calls = calls;
        this.seat = seat;
        this.outbox = new Outbox<>(call, seat);
    }

    static ServerCall.Listener<Inbound<ConverseRequest>> start(
            Calls calls, ServerCall<Inbound<ConverseRequest>, ConverseResponse> call) {
        Admission.Seat seat;
        try {
            seat = calls.admission().enterStream();
        } catch (LimbicException e) {
            return UnaryCall.refuse(calls, call, Calls.CONVERSE, e);
        }
        ConverseCall converse = new ConverseCall(calls, call, seat);
        call.request(1);
        calls.observer().streamOpened();
        calls.admission().opened(converse);
        return converse;
    }

    @Override
    public void onMessage(Inbound<ConverseRequest> inbound) {
        Dialogue open = dialogue;
        if (open == null) {
            begin(inbound);
            return;
        }
        try {
            ConverseRequest request = inbound.requireReadable();
            switch (request.getMessageCase()) {
                case UTTERANCE -> say(open, request.getUtterance());
                case INTERRUPT -> {
                    open.interrupt();
                    outbox.ask();
                }
                case SETUP -> refuse("", new LimbicException.Invalid("setup comes first and only once"));
                case MESSAGE_NOT_SET ->
                    refuse("", new LimbicException.Invalid("no message (or this server is older than the client)"));
            }
        } catch (LimbicException e) {
            refuse("", e);
        }
    }

    private void begin(Inbound<ConverseRequest> inbound) {
        try {
            ConverseRequest request = inbound.requireReadable();
            if (!request.hasSetup()) {
                throw new LimbicException.Invalid("the first message must be setup");
            }
            ConverseSetup setup = request.getSetup();
            settings = DialogueCodec.settings(setup);
            seat.take(Cost.of(setup)); // as long as the conversation lives
            opening = true; // and no further message is asked for until it has begun
            calls.dialogues().open(settings, this, this);
        } catch (LimbicException e) {
            refused(e);
        }
    }

    @Override
    public void opened(Dialogue begun) {
        dialogue = begun;
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

    private void say(Dialogue open, dev.limbic.v1.Utterance said) {
        if (draining) {
            refuse(Codec.echo(said.getUtteranceId()), stopping());
            return;
        }
        try {
            Utterance utterance = DialogueCodec.utterance(said, deadline);
            caller.request();
            seat.take(Cost.of(utterance));
            open.say(utterance);
        } catch (LimbicException e) {
            refuse(Codec.echo(said.getUtteranceId()), e);
        }
    }

    /** Answers a message that the dialogue never heard of. */
    private void refuse(String utteranceId, LimbicException why) {
        event(new DialogueEvent.Failed(utteranceId, why));
        outbox.ask();
    }

    @Override
    public void event(DialogueEvent event) {
        try {
            outbox.send(DialogueCodec.event(event, calls));
        } catch (LimbicException.Overloaded unread) {
            cut(unread);
            return;
        }
        switch (event) {
            case DialogueEvent.Heard heard -> {
                caller.charge(heard.answer().cost());
                calls.answered(
                        Calls.CONVERSE,
                        Kinds.TEXT,
                        settings.emotionModel(),
                        Status.Code.OK,
                        System.nanoTime() - heard.answer().timing().totalNanos());
            }
            case DialogueEvent.Failed failed ->
                calls.answered(
                        Calls.CONVERSE,
                        Kinds.TEXT,
                        settings.emotionModel(),
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
            calls.answered(Calls.CONVERSE, Kinds.TEXT, settings.emotionModel(), failure.code(), startedNanos);
        }
        Dialogue open = dialogue;
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
        Dialogue open = dialogue;
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
        Dialogue open = dialogue;
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
        Failures.Failure failure = calls.failure(Calls.CONVERSE, thrown);
        if (outbox.close(failure.status(), failure.trailers())) {
            calls.answered(Calls.CONVERSE, Kinds.TEXT, settings.emotionModel(), failure.code(), startedNanos);
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
        Dialogue open = dialogue;
        if (open != null) {
            open.close();
        }
        calls.admission().closed(this);
        seat.leave();
        calls.observer().streamClosed();
    }
}
