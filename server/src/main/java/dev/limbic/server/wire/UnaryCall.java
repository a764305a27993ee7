package dev.limbic.server.wire;

import com.google.protobuf.Message;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.server.security.Caller;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One call of any method with one request; {@link Exchange} says what comes of it. What waits for a reader that does not
 * read is bounded by the length of the answer. gRPC calls the listener methods one after another; the answer comes from
 * other threads, one part at a time.
 */
final class UnaryCall<Q extends Message, R extends Message> extends ServerCall.Listener<Inbound<Q>>
        implements Responder.OfMany<R> {
    private final Calls calls;
    private final String method;
    private final Exchange<Q, ? super Responder.OfMany<R>> exchange;
    private final Admission.Seat seat;
    private final boolean once;
    private final Outbox<R> outbox;
    private final @Nullable Deadline deadline = Context.current().getDeadline();
    private final Caller caller = Entrance.caller();
    private final AtomicBoolean ended = new AtomicBoolean();

    // Written before the exchange begins.
    private long startedNanos = System.nanoTime();
    private @Nullable Inbound<Q> inbound;
    private Target target = Target.NONE;

    private volatile @Nullable Pending pending;
    private volatile long endedNanos;

    private UnaryCall(
            Calls calls,
            String method,
            Exchange<Q, ? super Responder.OfMany<R>> exchange,
            ServerCall<Inbound<Q>, R> call,
            Admission.Seat seat) {
        this.calls = calls;
        this.method = method;
        this.exchange = exchange;
        this.seat = seat;
        this.once = isAnsweredOnce(call);
        this.outbox = new Outbox<>(call, seat);
    }

    static <Q extends Message, R extends Message> ServerCall.Listener<Inbound<Q>> start(
            Calls calls,
            String method,
            Exchange<Q, ? super Responder.OfMany<R>> exchange,
            ServerCall<Inbound<Q>, R> call) {
        Admission.Seat seat;
        try {
            seat = isAnsweredOnce(call)
                    ? calls.admission().enter()
                    : calls.admission().enterStream();
        } catch (LimbicException e) {
            return calls.refuse(call, method, e);
        }
        call.request(2); // the second makes a surplus message visible
        return new UnaryCall<>(calls, method, exchange, call, seat);
    }

    private static boolean isAnsweredOnce(ServerCall<?, ?> call) {
        return call.getMethodDescriptor().getType().serverSendsOneMessage();
    }

    @Override
    public void onMessage(Inbound<Q> message) {
        if (inbound != null) {
            failed(new LimbicException.Invalid(method + " takes one message; a stream takes more"));
            return;
        }
        startedNanos = System.nanoTime();
        try {
            seat.take(exchange.cost(message.request()));
            inbound = message;
            target = exchange.target(message.request());
        } catch (LimbicException.Overloaded full) {
            inbound = message.refused(full);
        }
    }

    @Override
    public void onHalfClose() {
        Inbound<Q> message = inbound;
        inbound = null; // or the request would be kept as long as its answer takes
        if (ended.get()) {
            return;
        }
        if (message == null) {
            failed(new LimbicException.Invalid("the call holds no message"));
            return;
        }
        try {
            Pending work = exchange.begin(message.requireReadable(), deadline, this);
            pending = work;
            if (ended.get()) {
                work.cancel();
            }
        } catch (LimbicException e) {
            failed(e);
        } catch (RuntimeException e) {
            failed(new LimbicException.Internal("the request could not be started", e));
        }
    }

    @Override
    public void charge(int tokens) {
        caller.charge(tokens);
    }

    @Override
    public void next(R response) {
        send(response);
    }

    @Override
    public void last(R response) {
        if (send(response) && endOnce(Status.Code.OK)) {
            outbox.close(Status.OK, new Metadata());
        }
    }

    /** Of a client that does not read, while all calls hold too much, nothing is kept. */
    private boolean send(R response) {
        try {
            outbox.send(response);
            return true;
        } catch (LimbicException.Overloaded unread) {
            Failures.Failure failure = Failures.of(unread);
            if (endOnce(failure.code())) {
                outbox.cut(failure.status(), failure.trailers());
                cancel();
            }
            return false;
        }
    }

    @Override
    public void failed(LimbicException why) {
        Failures.Failure failure = calls.failure(method, why);
        if (endOnce(failure.code())) {
            outbox.close(failure.status(), failure.trailers());
            cancel();
        }
    }

    /** Counts the end, before the client hears of it; returns whether this was it. */
    private boolean endOnce(Status.Code code) {
        if (!ended.compareAndSet(false, true)) {
            return false;
        }
        calls.answered(method, target, code, startedNanos);
        endedNanos = System.nanoTime();
        return true;
    }

    private void cancel() {
        Pending work = pending;
        if (work != null) {
            work.cancel();
        }
    }

    @Override
    public void onReady() {
        outbox.flush();
    }

    @Override
    public void onCancel() {
        outbox.abandon();
        if (endOnce(Status.Code.CANCELLED)) {
            cancel();
        }
        seat.leave();
    }

    @Override
    public void onComplete() {
        if (once) {
            calls.pipeline().sent(System.nanoTime() - endedNanos);
        }
        seat.leave();
    }
}
