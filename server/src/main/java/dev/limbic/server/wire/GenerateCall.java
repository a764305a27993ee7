package dev.limbic.server.wire;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.model.Kinds;
import dev.limbic.server.dialogue.Response;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.pipeline.Receiver;
import dev.limbic.server.pipeline.ReplyListener;
import dev.limbic.server.pipeline.ReplyRequest;
import dev.limbic.server.pipeline.Request;
import dev.limbic.server.pipeline.SamplingWish;
import dev.limbic.server.security.Caller;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.ReplyStarted;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One Generate call. What waits for a reader that does not read is bounded by the length of the reply. gRPC calls the
 * listener methods one after another; the reply comes from other threads, so the call's state is behind a lock.
 */
final class GenerateCall extends ServerCall.Listener<Inbound<GenerateRequest>> implements ReplyListener {
    private final Calls calls;
    private final Admission.Seat seat;
    private final Outbox<GenerateResponse> outbox;
    private final @Nullable Deadline deadline;
    private final Caller caller = Entrance.caller();
    private long startedNanos = System.nanoTime();

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Inbound<GenerateRequest> inbound;
    private Optional<Pending> work = Optional.empty();
    private boolean ended;

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
            fail(new LimbicException.Invalid("Generate takes one message; use Interact for more"));
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
        if (inbound == null) {
            fail(new LimbicException.Invalid("the call holds no message"));
            return;
        }
        try {
            GenerateRequest request = inbound.requireReadable();
            CommonCodec.name("request_id", request.getRequestId());
            ReplyRequest.Input input = DialogueCodec.input(request);
            switch (request.getSteering().getHowCase()) {
                case TARGET -> {
                    Cue cue = DialogueCodec.cue(request.getSteering().getTarget());
                    calls.dialogues().replies().requireStyle(request.getModel(), cue);
                    begin(reply(request, input, cue), null);
                }
                case FOLLOW_SPEAKER -> follow(request, input);
                case HOW_NOT_SET -> begin(reply(request, input, null), null);
            }
        } catch (LimbicException e) {
            fail(e);
        } catch (RuntimeException e) {
            fail(new LimbicException.Internal("the reply could not be started", e));
        }
    }

    private ReplyRequest reply(GenerateRequest request, ReplyRequest.Input input, @Nullable Cue cue) {
        SamplingWish sampling = DialogueCodec.sampling(request.getSampling());
        Priority priority = CommonCodec.priority(request.getPriority(), request.getPriorityValue());
        return new ReplyRequest(
                CommonCodec.name("model", request.getModel()),
                input,
                cue,
                sampling,
                priority,
                CommonCodec.timeout(request.getTimeoutMillis(), deadline));
    }

    /** Reads the emotion of the person's last turn first, and answers that. */
    private void follow(GenerateRequest request, ReplyRequest.Input input) {
        if (!(input instanceof ReplyRequest.Talk talk)
                || talk.turns().isEmpty()
                || talk.turns().getLast().role() != Turn.Role.USER) {
            throw new LimbicException.Invalid("follow_speaker needs a conversation that ends with a turn of the user");
        }
        ReplyRequest unsteered = reply(request, input, null); // wrong settings are told before anything is read
        Request<Text> heard = new Request<>(
                CommonCodec.name(
                        "emotion_model",
                        request.getSteering().getFollowSpeaker().getEmotionModel()),
                new Text(talk.turns().getLast().text()),
                unsteered.priority(),
                unsteered.timeoutNanos());
        hold(calls.pipeline().submit(Kinds.TEXT, heard, new Receiver<Emotions>() {
            @Override
            public void answered(Answer<Emotions> answer) {
                caller.charge(answer.cost());
                try {
                    Response response = calls.dialogues().strategy().choose(List.of(answer.value()));
                    ReplyStarted.Builder started = ReplyStarted.newBuilder()
                            .setStrategy(response.strategy())
                            .setAnalysis(AffectCodec.analysis(answer));
                    begin(reply(request, input, response.cue()), started);
                } catch (LimbicException e) {
                    fail(e);
                } catch (RuntimeException e) {
                    fail(new LimbicException.Internal("the reply could not be started", e));
                }
            }

            @Override
            public void failed(LimbicException failure) {
                fail(failure);
            }
        }));
    }

    /** Replaces what is being waited for. */
    private void hold(Pending pending) {
        lock.lock();
        try {
            if (work.isEmpty()) {
                work = Optional.of(pending);
            }
            if (ended) {
                pending.cancel();
            }
        } finally {
            lock.unlock();
        }
    }

    private void begin(ReplyRequest request, ReplyStarted.@Nullable Builder known) {
        lock.lock(); // no token may overtake the beginning
        try {
            if (ended) {
                return;
            }
            work = Optional.of(calls.dialogues().replies().reply(request, this));
            String model = calls.dialogues().replies().modelNamed(request.model());
            ReplyStarted.Builder started =
                    DialogueCodec.started(model, known == null ? "" : known.getStrategy(), request.cue());
            if (known != null) {
                started.setAnalysis(known.getAnalysis());
            }
            outbox.send(response().setStarted(started).build());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void token(GeneratedToken token) {
        caller.charge(1);
        lock.lock();
        try {
            outbox.send(response().setToken(DialogueCodec.token(token)).build());
        } catch (LimbicException.Overloaded unread) {
            cut(unread);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void finished(Finish finish, long firstTokenNanos, long totalNanos) {
        caller.charge(finish.usage().promptTokens());
        LimbicException failure = finish.failure();
        if (failure != null) {
            fail(failure);
            return;
        }
        lock.lock();
        try {
            if (ended) {
                return;
            }
            GenerateResponse last = response()
                    .setFinished(DialogueCodec.finished(finish, firstTokenNanos, totalNanos))
                    .build();
            try {
                outbox.send(last);
            } catch (LimbicException.Overloaded unread) {
                cut(unread);
                return;
            }
            ended = true;
            outbox.close(Status.OK, new Metadata());
            calls.answered(Calls.GENERATE, Kinds.LANGUAGE, model(), Status.Code.OK, startedNanos);
        } finally {
            lock.unlock();
        }
    }

    private void fail(LimbicException thrown) {
        Failures.Failure failure = calls.failure(Calls.GENERATE, thrown);
        lock.lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
            outbox.close(failure.status(), failure.trailers());
            work.ifPresent(Pending::cancel);
            calls.answered(Calls.GENERATE, Kinds.LANGUAGE, model(), failure.code(), startedNanos);
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock. Of a client that does not read, while all calls hold too much, nothing is kept. */
    private void cut(LimbicException why) {
        if (!ended) {
            ended = true;
            Failures.Failure failure = Failures.of(why);
            outbox.cut(failure.status(), failure.trailers());
            work.ifPresent(Pending::cancel);
            calls.answered(Calls.GENERATE, Kinds.LANGUAGE, model(), failure.code(), startedNanos);
        }
    }

    @Override
    public void onReady() {
        outbox.flush();
    }

    @Override
    public void onCancel() {
        lock.lock();
        try {
            if (!ended) {
                ended = true;
                calls.answered(Calls.GENERATE, Kinds.LANGUAGE, model(), Status.Code.CANCELLED, startedNanos);
            }
            work.ifPresent(Pending::cancel);
        } finally {
            lock.unlock();
        }
        outbox.abandon();
        seat.leave();
    }

    @Override
    public void onComplete() {
        seat.leave();
    }

    private String model() {
        return inbound == null
                ? Calls.UNKNOWN
                : CommonCodec.echo(inbound.request().getModel());
    }

    private GenerateResponse.Builder response() {
        String id = inbound == null ? "" : CommonCodec.echo(inbound.request().getRequestId());
        return GenerateResponse.newBuilder().setRequestId(id);
    }
}
