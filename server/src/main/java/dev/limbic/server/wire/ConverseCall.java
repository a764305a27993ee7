package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.dialogue.Dialogue;
import dev.limbic.server.dialogue.DialogueEvent;
import dev.limbic.server.dialogue.DialogueSettings;
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
 * One Converse call. As many utterances are read as the window has places, and one more each time one is finished; no
 * reply begins while the client does not read. So what waits for a client is bounded by the window and one reply.
 *
 * <p>gRPC calls the listener methods one after another, and the dialogue tells its events one at a time.
 */
final class ConverseCall extends ServerCall.Listener<Inbound<ConverseRequest>>
        implements Dialogue.Audience, Admission.Stream {
    private final Calls calls;
    private final Outbox<ConverseResponse> outbox;
    private final Caller caller = Entrance.caller();
    private final @Nullable Deadline deadline = Context.current().getDeadline();
    private final long startedNanos = System.nanoTime();

    private volatile @Nullable Dialogue dialogue;
    private volatile DialogueSettings settings = DialogueSettings.DEFAULT;
    private volatile boolean halfClosed;
    private volatile boolean draining;

    private ConverseCall(Calls calls, ServerCall<Inbound<ConverseRequest>, ConverseResponse> call) {
        this.calls = calls;
        this.outbox = new Outbox<>(call);
    }

    static ServerCall.Listener<Inbound<ConverseRequest>> start(
            Calls calls, ServerCall<Inbound<ConverseRequest>, ConverseResponse> call) {
        try {
            calls.admission().enter();
        } catch (LimbicException e) {
            return UnaryCall.refuse(calls, call, Calls.CONVERSE, e);
        }
        ConverseCall converse = new ConverseCall(calls, call);
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
            ConverseRequest request = inbound.requireReadable("ConverseRequest");
            switch (request.getMessageCase()) {
                case UTTERANCE -> say(open, request.getUtterance());
                case INTERRUPT -> {
                    open.interrupt();
                    outbox.request(1);
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
            ConverseRequest request = inbound.requireReadable("ConverseRequest");
            if (!request.hasSetup()) {
                throw new LimbicException.Invalid("the first message must be setup");
            }
            ConverseSetup setup = request.getSetup();
            settings = DialogueCodec.settings(setup);
            dialogue = calls.dialogues().open(settings, this);
            outbox.request(calls.window());
        } catch (LimbicException e) {
            end(e);
        } catch (RuntimeException e) {
            end(new LimbicException.Internal("the conversation could not be begun", e));
        }
    }

    private void say(Dialogue open, dev.limbic.v1.Utterance said) {
        if (draining) {
            refuse(said.getUtteranceId(), stopping());
            return;
        }
        try {
            Utterance utterance = DialogueCodec.utterance(said, deadline);
            caller.request();
            open.say(utterance);
        } catch (LimbicException e) {
            refuse(said.getUtteranceId(), e);
        }
    }

    /** Answers a message that the dialogue never heard of. */
    private void refuse(String utteranceId, LimbicException why) {
        event(new DialogueEvent.Failed(utteranceId, why));
        outbox.request(1);
    }

    @Override
    public void event(DialogueEvent event) {
        outbox.send(DialogueCodec.event(event, calls));
        switch (event) {
            case DialogueEvent.Heard heard -> {
                caller.charge(heard.answer().tokens());
                calls.answered(
                        Calls.CONVERSE,
                        settings.emotionModel(),
                        Status.Code.OK,
                        System.nanoTime() - heard.answer().timing().totalNanos());
            }
            case DialogueEvent.Failed failed ->
                calls.answered(
                        Calls.CONVERSE,
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
    public void done() {
        outbox.request(1);
        endIfQuiet();
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
        if ((halfClosed || draining) && (open == null || open.idle())) {
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
            calls.answered(Calls.CONVERSE, settings.emotionModel(), failure.code(), startedNanos);
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
        outbox.abandon();
        Dialogue open = dialogue;
        if (open != null) {
            open.close();
        }
        calls.admission().closed(this);
        calls.admission().leave();
        calls.observer().streamClosed();
    }
}
