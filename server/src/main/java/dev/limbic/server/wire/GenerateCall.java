package dev.limbic.server.wire;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.model.Kinds;
import dev.limbic.server.dialogue.SingleReply;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.security.Caller;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.ReplyStarted;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * One Generate call. What waits for a reader that does not read is bounded by the length of the reply. gRPC calls the
 * listener methods one after another, and the reply tells what happens one thing at a time.
 */
final class GenerateCall extends ServerCall.Listener<Inbound<GenerateRequest>> implements SingleReply.Audience {
    private final Calls calls;
    private final Admission.Seat seat;
    private final Outbox<GenerateResponse> outbox;
    private final @Nullable Deadline deadline;
    private final Caller caller = Entrance.caller();
    private long startedNanos = System.nanoTime();

    private volatile @Nullable Inbound<GenerateRequest> inbound;
    private volatile @Nullable SingleReply reply;
    private volatile boolean ended;
    private @Nullable Answer<Emotions> heard; // as the reply tells it, one thing at a time

    private GenerateCall(
            Calls calls, ServerCall<Inbound<GenerateRequest>, GenerateResponse> call, Admission.Seat seat) {
        this.calls = calls;
        this.seat = seat;
        this.outbox = new Outbox<>(call, seat);
        this.deadline = Context.current().getDeadline();
    }

    static ServerCall.Listener<Inbound<GenerateRequest>> start(
            Calls calls, ServerCall<Inbound<GenerateRequest>, GenerateResponse> call) {
        Admission.Seat seat;
        try {
            seat = calls.admission().enterStream();
        } catch (LimbicException e) {
            return UnaryCall.refuse(calls, call, Calls.GENERATE, e);
        }
        call.request(2); // the second makes a surplus message visible
        return new GenerateCall(calls, call, seat);
    }

    @Override
    public void onMessage(Inbound<GenerateRequest> message) {
        if (inbound != null) {
            failed(new LimbicException.Invalid("Generate takes one message; use Interact for more"));
            return;
        }
        startedNanos = System.nanoTime();
        try {
            seat.take(Cost.of(message.request()));
            inbound = message;
        } catch (LimbicException.Overloaded full) {
            inbound = new Inbound<>(GenerateRequest.getDefaultInstance(), full);
        }
    }

    @Override
    public void onHalfClose() {
        if (ended) {
            return;
        }
        Inbound<GenerateRequest> message = inbound;
        if (message == null) {
            failed(new LimbicException.Invalid("the call holds no message"));
            return;
        }
        try {
            GenerateRequest request = message.requireReadable();
            SingleReply begun = SingleReply.begin(
                    calls.dialogues(),
                    DialogueCodec.request(request, deadline),
                    DialogueCodec.steering(request.getSteering()),
                    this);
            reply = begun;
            if (ended) {
                begun.cancel();
            }
        } catch (LimbicException e) {
            failed(e);
        } catch (RuntimeException e) {
            failed(new LimbicException.Internal("the reply could not be started", e));
        }
    }

    @Override
    public void heard(Answer<Emotions> answer) {
        caller.charge(answer.cost());
        heard = answer;
    }

    @Override
    public void started(String model, String strategy, @Nullable Cue cue) {
        ReplyStarted.Builder started = DialogueCodec.started(model, strategy, cue);
        if (heard != null) {
            started.setAnalysis(AffectCodec.analysis(heard));
        }
        send(response().setStarted(started).build());
    }

    @Override
    public void token(GeneratedToken token) {
        caller.charge(1);
        send(response().setToken(DialogueCodec.token(token)).build());
    }

    @Override
    public void finished(Finish finish, long firstTokenNanos, long totalNanos) {
        caller.charge(finish.usage().promptTokens());
        LimbicException failure = finish.failure();
        if (failure != null) {
            failed(failure);
            return;
        }
        send(response()
                .setFinished(DialogueCodec.finished(finish, firstTokenNanos, totalNanos))
                .build());
        if (outbox.close(Status.OK, new Metadata())) {
            ended(Status.Code.OK);
        }
    }

    @Override
    public void failed(LimbicException thrown) {
        Failures.Failure failure = calls.failure(Calls.GENERATE, thrown);
        if (outbox.close(failure.status(), failure.trailers())) {
            ended(failure.code());
            cancel();
        }
    }

    /** Of a client that does not read, while all calls hold too much, nothing is kept. */
    private void send(GenerateResponse response) {
        try {
            outbox.send(response);
        } catch (LimbicException.Overloaded unread) {
            Failures.Failure failure = Failures.of(unread);
            if (outbox.cut(failure.status(), failure.trailers())) {
                ended(failure.code());
                cancel();
            }
        }
    }

    private void ended(Status.Code code) {
        ended = true;
        calls.answered(Calls.GENERATE, Kinds.LANGUAGE, model(), code, startedNanos);
    }

    private void cancel() {
        SingleReply begun = reply;
        if (begun != null) {
            begun.cancel();
        }
    }

    @Override
    public void onReady() {
        outbox.flush();
    }

    @Override
    public void onCancel() {
        if (outbox.abandon()) {
            ended(Status.Code.CANCELLED);
        }
        cancel();
        seat.leave();
    }

    @Override
    public void onComplete() {
        seat.leave();
    }

    private String model() {
        Inbound<GenerateRequest> message = inbound;
        return message == null
                ? Calls.UNKNOWN
                : CommonCodec.echo(message.request().getModel());
    }

    private GenerateResponse.Builder response() {
        Inbound<GenerateRequest> message = inbound;
        String id = message == null ? "" : CommonCodec.echo(message.request().getRequestId());
        return GenerateResponse.newBuilder().setRequestId(id);
    }
}
