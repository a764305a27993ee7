package dev.limbic.server.wire;

import com.google.protobuf.MessageLite;
import dev.limbic.domain.LimbicException;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a call has to say: in order, as fast as the transport takes it, the status last. And when the client may say
 * more: a message is asked for when all that was said before has left for a transport that takes it. What waits counts
 * as held; a client that does not read when all calls hold too much loses its call. Thread-safe; who fills it must bound
 * what it fills it with.
 */
final class Outbox<R extends MessageLite> {
    private record End(Status status, Metadata trailers) {}

    /**
     * What waits.
     *
     * @param message null where the client is asked for one
     */
    private record Waiting<R extends MessageLite>(@Nullable R message) {
        long cost() {
            return message == null ? 0 : Cost.ofAnswer(message);
        }
    }

    private final ServerCall<?, R> call;
    private final Admission.Seat seat;
    private final ReentrantLock lock = new ReentrantLock();
    private final Queue<Waiting<R>> waiting = new ArrayDeque<>(2);
    private @Nullable End end;
    private boolean begun;
    private boolean ended;

    /** @param seat of the call, which holds what waits */
    Outbox(ServerCall<?, R> call, Admission.Seat seat) {
        this.call = call;
        this.seat = seat;
    }

    /**
     * Sends a message, now or later; none after the end.
     *
     * @throws LimbicException.Overloaded if it would have to wait, and all calls hold too much; the call should be {@link
     *     #cut} then
     */
    void send(R message) {
        add(new Waiting<>(message));
    }

    /**
     * Lets the client send one more message, as soon as all that was sent so far has left. Call it once for each message
     * that is done with, one that has no answer of its own included: the client gets no further ahead of what it reads.
     */
    void ask() {
        add(new Waiting<>(null));
    }

    private void add(Waiting<R> next) {
        lock.lock();
        try {
            if (end == null && !ended) {
                flushLocked();
                if (!waiting.isEmpty() || !leaves()) {
                    if (next.message() != null) {
                        seat.take(next.cost());
                    }
                    waiting.add(next);
                } else {
                    leave(next);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends the call once everything is sent; the first end counts. Returns whether this was it. */
    boolean close(Status status, Metadata trailers) {
        lock.lock();
        try {
            if (end != null || ended) {
                return false;
            }
            end = new End(status, trailers);
            flushLocked();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** {@link #close}, and what waits is not sent. */
    boolean cut(Status status, Metadata trailers) {
        lock.lock();
        try {
            clearLocked();
            return close(status, trailers);
        } finally {
            lock.unlock();
        }
    }

    /** The transport takes more. */
    void flush() {
        lock.lock();
        try {
            flushLocked();
        } finally {
            lock.unlock();
        }
    }

    /** The call is gone. Returns whether it had no end. */
    boolean abandon() {
        lock.lock();
        try {
            boolean endless = end == null && !ended;
            ended = true;
            clearLocked();
            return endless;
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing waits and the transport takes more. */
    boolean clear() {
        lock.lock();
        try {
            return waiting.isEmpty() && !ended && call.isReady();
        } finally {
            lock.unlock();
        }
    }

    /** Lets the client send its first messages: so many are under way at most. */
    void open(int window) {
        lock.lock();
        try {
            if (!ended) {
                call.request(window);
            }
        } finally {
            lock.unlock();
        }
    }

    private void flushLocked() {
        if (ended) {
            return;
        }
        for (Waiting<R> next = waiting.peek(); next != null && leaves(); next = waiting.peek()) {
            waiting.remove();
            seat.give(next.cost());
            leave(next);
        }
        if (waiting.isEmpty() && end != null) {
            ended = true;
            if (end.status().isOk()) {
                begin();
            }
            call.close(end.status(), end.trailers());
        }
    }

    private void clearLocked() {
        waiting.forEach(each -> seat.give(each.cost()));
        waiting.clear();
    }

    private boolean leaves() {
        return call.isReady() || !begun;
    }

    private void leave(Waiting<R> next) {
        begin();
        if (next.message() != null) {
            call.sendMessage(next.message());
        } else {
            call.request(1);
        }
    }

    /** A call that fails at once has no headers; every other begins with them. */
    private void begin() {
        if (!begun) {
            begun = true;
            call.sendHeaders(new Metadata());
        }
    }
}
