package dev.limbic.server.wire;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.Kinds;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.server.pipeline.Receiver;
import dev.limbic.server.security.Caller;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One Analyze call. gRPC calls the listener methods one after another; the answer comes from another thread, so what
 * touches the call is behind a lock.
 */
final class UnaryCall extends ServerCall.Listener<Inbound<AnalyzeRequest>> implements Receiver<Emotions> {
    private final Calls calls;
    private final ServerCall<Inbound<AnalyzeRequest>, AnalyzeResponse> call;
    private final Admission.Seat seat;
    private final @Nullable Deadline deadline;
    private final Caller caller = Entrance.caller();
    private long startedNanos = System.nanoTime();

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Inbound<AnalyzeRequest> inbound;
    private @Nullable Pending pending;
    private boolean ended;
    private long closedNanos;

    private UnaryCall(
            Calls calls,
            ServerCall<Inbound<AnalyzeRequest>, AnalyzeResponse> call,
            Admission.Seat seat,
            @Nullable Deadline deadline) {
        this.calls = calls;
        this.call = call;
        this.seat = seat;
        this.deadline = deadline;
    }

    static ServerCall.Listener<Inbound<AnalyzeRequest>> start(
            Calls calls, ServerCall<Inbound<AnalyzeRequest>, AnalyzeResponse> call) {
        Admission.Seat seat;
        try {
            seat = calls.admission().enter();
        } catch (LimbicException e) {
            return refuse(calls, call, Calls.ANALYZE, e);
        }
        call.request(2); // the second makes a surplus message visible
        return new UnaryCall(calls, call, seat, Context.current().getDeadline());
    }

    static <Q, R> ServerCall.Listener<Q> refuse(
            Calls calls, ServerCall<Q, R> call, String method, LimbicException why) {
        Failures.Failure failure = calls.failure(method, why);
        calls.observer().answered(method, Calls.UNKNOWN, failure.code().name(), 0);
        call.close(failure.status(), failure.trailers());
        return new ServerCall.Listener<>() {};
    }

    @Override
    public void onMessage(Inbound<AnalyzeRequest> message) {
        if (inbound != null) {
            failed(new LimbicException.Invalid("Analyze takes one message; use AnalyzeStream for more"));
            return;
        }
        startedNanos = System.nanoTime();
        try {
            seat.take(Cost.of(message.request()));
            inbound = message;
        } catch (LimbicException.Overloaded full) {
            inbound = new Inbound<>(AnalyzeRequest.getDefaultInstance(), full);
        }
    }

    @Override
    public void onHalfClose() {
        if (inbound == null) {
            failed(new LimbicException.Invalid("the call holds no message"));
            return;
        }
        try {
            Pending work = calls.pipeline()
                    .submit(Kinds.TEXT, EmotionCodec.request(inbound.requireReadable(), deadline), this);
            lock.lock();
            try {
                pending = work;
            } finally {
                lock.unlock();
            }
        } catch (LimbicException e) {
            failed(e);
        } catch (RuntimeException e) {
            failed(new LimbicException.Internal("the request could not be started", e));
        }
    }

    @Override
    public void answered(Answer<Emotions> answer) {
        caller.charge(answer.cost());
        AnalyzeResponse response = EmotionCodec.response(request(), answer);
        lock.lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
            calls.answered(Calls.ANALYZE, Kinds.TEXT, model(), Status.Code.OK, startedNanos);
            closedNanos = System.nanoTime();
            call.sendHeaders(new Metadata());
            call.sendMessage(response);
            call.close(Status.OK, new Metadata());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void failed(LimbicException thrown) {
        Failures.Failure failure = calls.failure(Calls.ANALYZE, thrown);
        lock.lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
            calls.answered(Calls.ANALYZE, Kinds.TEXT, model(), failure.code(), startedNanos);
            closedNanos = System.nanoTime();
            call.close(failure.status(), failure.trailers());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onCancel() {
        Pending work;
        boolean unanswered;
        lock.lock();
        try {
            work = pending;
            unanswered = !ended;
            ended = true;
        } finally {
            lock.unlock();
        }
        if (work != null && unanswered) {
            work.cancel();
        }
        seat.leave();
        if (unanswered) {
            calls.answered(Calls.ANALYZE, Kinds.TEXT, model(), Status.Code.CANCELLED, startedNanos);
        }
    }

    @Override
    public void onComplete() {
        calls.pipeline().sent(System.nanoTime() - closedNanos);
        seat.leave();
    }

    private String model() {
        return inbound == null ? Calls.UNKNOWN : request().getModel();
    }

    private AnalyzeRequest request() {
        Inbound<AnalyzeRequest> message = inbound;
        return message == null ? AnalyzeRequest.getDefaultInstance() : message.request();
    }
}
