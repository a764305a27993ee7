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
     * @param held what the seat holds for it, in bytes
     */
    private record Waiting<R extends MessageLite>(@Nullable R message, long held) {}

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
        lock.lock();
        try {
            if (end != null || ended) {
                return;
            }
            flushLocked();
            long cost = 0;
            if (!waiting.isEmpty() || !leaves()) {
                cost = Cost.ofAnswer(message);
                seat.take(cost);
            }
            add(new Waiting<>(message, cost));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends a message that takes the place of what is held for it already; there is always room.
     *
     * @param held bytes that the seat holds for it until it has left
     */
    void sendHeld(R message, long held) {
        lock.lock();
        try {
            add(new Waiting<>(message, held));
        } finally {
            lock.unlock();
        }
    }

    /** Lets the client send one more message at once, whether it reads or not. */
    void askAtOnce() {
        lock.lock();
        try {
            if (!ended) {
                call.request(1);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lets the client send one more message, as soon as all that was sent so far has left. Call it once for each message
     * that is done with, one that has no answer of its own included: the client gets no further ahead of what it reads.
     */
    void ask() {
        lock.lock();
        try {
            add(new Waiting<>(null, 0));
        } finally {
            lock.unlock();
        }
    }

    private void add(Waiting<R> next) {
        if (end != null || ended) {
            return;
        }
        flushLocked();
        if (waiting.isEmpty() && leaves()) {
            leave(next);
        } else {
            waiting.add(next);
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

    /** Lets the client send one message before anything else is said. */
    void expect() {
        call.request(1);
    }

    /** Tells the client that it is heard, and lets it send its first messages: so many are under way at most. */
    void open(int window) {
        lock.lock();
        try {
            if (!ended) {
                begin();
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
        waiting.forEach(each -> seat.give(each.held()));
        waiting.clear();
    }

    private boolean leaves() {
        return call.isReady() || !begun;
    }

    private void leave(Waiting<R> next) {
        begin();
        if (next.held() != 0) {
            seat.give(next.held());
        }
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
