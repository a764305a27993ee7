package dev.limbic.server.wire;

import com.google.protobuf.Message;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.security.Caller;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One call of any method whose requests are a stream; {@link Session} says what comes of them. At first as many messages
 * are read as the session opens its window for, and one more each time one is {@link #done} with and all that was said
 * until then has left for a transport that takes it. A client that does not read therefore stops being read.
 *
 * <p>gRPC calls the listener methods one after another; the session may call its methods from any thread.
 */
final class StreamCall<Q extends Message, R extends Message> extends ServerCall.Listener<Inbound<Q>>
        implements Admission.Stream {
    /** What one method makes of the messages of one stream. */
    interface Session<Q extends Message> {
        /** The next message, readable or not; until it is done with, {@link StreamCall#done} is not called for it. */
        Said<Q> next(Q request);

        /** Whether all that came is answered. May be called from any thread, also inside of the session's own calls. */
        boolean idle();

        /** The client reads again. */
        default void proceed() {}

        /** The call is gone, or cut: what is under way is ended, and nothing more is told. */
        void close();

        /** The model that the stream as a whole is counted for, where it fails. */
        default Target target() {
            return Target.NONE;
        }
    }

    /** One message of a stream. One of the two is called, or the second after the first threw. */
    interface Said<Q extends Message> {
        /**
         * Begins what comes of it.
         *
         * @throws LimbicException if nothing does
         */
        void begin(Inbound<Q> inbound);

        /** Tells why nothing comes of it. */
        void failed(LimbicException why);
    }

    private final Calls calls;
    private final String method;
    private final Admission.Seat seat;
    private final Outbox<R> outbox;
    private final Caller caller = Entrance.caller();
    private final @Nullable Deadline deadline = Context.current().getDeadline();
    private final long startedNanos = System.nanoTime();
    private final Session<Q> session;
    private volatile boolean halfClosed;
    private volatile boolean draining;
    private volatile boolean ended;

    private StreamCall(
            Calls calls,
            String method,
            ServerCall<Inbound<Q>, R> call,
            Admission.Seat seat,
            Function<StreamCall<Q, R>, Session<Q>> begin) {
        this.calls = calls;
        this.method = method;
        this.seat = seat;
        this.outbox = new Outbox<>(call, seat);
        this.session = begin.apply(this);
    }

    /** @param begin makes a session, which {@link #expect}s or {@link #open}s, and knows that no message comes before it is made */
    static <Q extends Message, R extends Message> ServerCall.Listener<Inbound<Q>> start(
            Calls calls, String method, Function<StreamCall<Q, R>, Session<Q>> begin, ServerCall<Inbound<Q>, R> call) {
        Admission.Seat seat;
        try {
            seat = calls.admission().enterStream();
        } catch (LimbicException e) {
            return calls.refuse(call, method, e);
        }
        StreamCall<Q, R> stream = new StreamCall<>(calls, method, call, seat, begin);
        calls.observer().streamOpened();
        calls.admission().opened(stream);
        return stream;
    }

    @Override
    public void onMessage(Inbound<Q> inbound) {
        if (ended) {
            return;
        }
        Said<Q> said = session.next(inbound.request());
        try {
            said.begin(inbound);
        } catch (LimbicException e) {
            said.failed(e);
        } catch (RuntimeException e) {
            said.failed(new LimbicException.Internal("the request could not be started", e));
        }
    }

    /** Of the call, if any. */
    @Nullable
    Deadline deadline() {
        return deadline;
    }

    /** Lets the client say one thing first. */
    void expect() {
        outbox.expect();
    }

    /** Lets the client say as much as the window holds, for the first time; it hears that the stream has begun. */
    void open() {
        outbox.open(calls.window());
    }

    /**
     * Lets a request in.
     *
     * @param bytes that it holds; whoever calls this must {@link #hold} as much less at its end
     * @throws LimbicException if the server is stopping, the client's quota is used up, or all calls hold too much
     */
    void admit(long bytes) {
        if (draining) {
            throw stopping();
        }
        caller.request();
        seat.take(bytes);
    }

    /** Holds more, and no request is counted; see {@link Admission.Seat#take}. */
    void take(long bytes) {
        seat.take(bytes);
    }

    /** Holds more, or less if negative, of what is bounded elsewhere. */
    void hold(long bytes) {
        seat.hold(bytes);
    }

    /** The client pays for so many tokens. */
    void charge(int tokens) {
        caller.charge(tokens);
    }

    /** Counts an answer. */
    void count(Target target, Status.Code code, long sinceNanos) {
        calls.answered(method, target, code, sinceNanos);
    }

    /** The failure as the client shall see it; a defect is also reported. */
    Failures.Failure failure(LimbicException why) {
        return calls.failure(method, why);
    }

    /**
     * Says something. Of a client that does not read, while all calls hold too much, nothing is kept: the call ends.
     *
     * @return whether it goes on
     */
    boolean send(R message) {
        try {
            outbox.send(message);
            return true;
        } catch (LimbicException.Overloaded unread) {
            Failures.Failure failure = Failures.of(unread);
            if (outbox.cut(failure.status(), failure.trailers())) {
                ended = true;
                count(session.target(), failure.code(), startedNanos);
            }
            session.close();
            return false;
        }
    }

    /** {@link #send} of what the seat holds already, until it has left: there is always room for it. */
    void sendHeld(R message, long held) {
        outbox.sendHeld(message, held);
    }

    /** A message of the client is done with; another may come. Call it once for each. */
    void done() {
        if (!draining) {
            outbox.ask();
        }
        endIfQuiet();
    }

    /**
     * A message of the client is done with as far as others are concerned: what it holds is bounded elsewhere, and so is what
     * will be said of it. Another may come at once, also while the client does not read. Takes the place of {@link #done};
     * {@link #endIfQuiet} when it has been answered.
     */
    void setAside() {
        if (!draining) {
            outbox.askAtOnce();
        }
    }

    /** Whether the client reads all that it is told. */
    boolean listens() {
        return outbox.clear();
    }

    /** Ends the stream with a failure, unless it has ended. */
    void end(LimbicException why) {
        Failures.Failure failure = failure(why);
        if (outbox.close(failure.status(), failure.trailers())) {
            ended = true;
            count(session.target(), failure.code(), startedNanos);
        }
    }

    @Override
    public void onReady() {
        outbox.flush();
        session.proceed();
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

    /** Ends the stream if nothing will come any more and all that came is answered. */
    void endIfQuiet() {
        if ((halfClosed || draining) && session.idle()) {
            Failures.Failure stopping = Failures.of(stopping());
            ended |= halfClosed
                    ? outbox.close(Status.OK, new Metadata())
                    : outbox.close(stopping.status(), stopping.trailers());
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
        ended = true;
        outbox.abandon();
        session.close();
        calls.admission().closed(this);
        seat.leave();
        calls.observer().streamClosed();
    }
}
