package dev.limbic.server.wire;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a call has to say: in order, as fast as the transport takes it, the status last. Thread-safe; who fills it must
 * bound what it fills it with.
 */
final class Outbox<R> {
    private record End(Status status, Metadata trailers) {}

    private final ServerCall<?, R> call;
    private final ReentrantLock lock = new ReentrantLock();
    private final Queue<R> waiting = new ArrayDeque<>(2);
    private @Nullable End end;
    private boolean begun;
    private boolean ended;

    Outbox(ServerCall<?, R> call) {
        this.call = call;
    }

    /** Sends a message, now or later; none after the end. */
    void send(R message) {
        lock.lock();
        try {
            if (end == null && !ended) {
                waiting.add(message);
                flushLocked();
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

    /** The transport takes more. */
    void flush() {
        lock.lock();
        try {
            flushLocked();
        } finally {
            lock.unlock();
        }
    }

    /** The call is gone. */
    void abandon() {
        lock.lock();
        try {
            ended = true;
            waiting.clear();
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

    /** Lets the client send so many more messages. */
    void request(int messages) {
        lock.lock();
        try {
            if (!ended) {
                call.request(messages);
            }
        } finally {
            lock.unlock();
        }
    }

    private void flushLocked() {
        if (ended) {
            return;
        }
        while (!waiting.isEmpty() && (call.isReady() || !begun)) {
            begin();
            call.sendMessage(waiting.remove());
        }
        if (waiting.isEmpty() && end != null) {
            ended = true;
            if (end.status().isOk()) {
                begin();
            }
            call.close(end.status(), end.trailers());
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
