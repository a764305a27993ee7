package dev.limbic.server.wire;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.concurrent.locks.ReentrantLock;

/** A call that another thread may end at any time; what its handler still does with it then comes to nothing. */
final class EndableCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final ReentrantLock lock = new ReentrantLock();
    private boolean ended;

    EndableCall(ServerCall<Q, R> call) {
        super(call);
    }

    /** Ends the call, unless it has ended. */
    void end(Status status, Metadata trailers) {
        unlessEnded(() -> {
            ended = true;
            super.close(status, trailers);
        });
    }

    @Override
    public void sendHeaders(Metadata headers) {
        unlessEnded(() -> super.sendHeaders(headers));
    }

    @Override
    public void sendMessage(R message) {
        unlessEnded(() -> super.sendMessage(message));
    }

    @Override
    public void request(int messages) {
        unlessEnded(() -> super.request(messages));
    }

    @Override
    public void close(Status status, Metadata trailers) {
        end(status, trailers);
    }

    @Override
    public boolean isReady() {
        lock.lock();
        try {
            return !ended && super.isReady();
        } finally {
            lock.unlock();
        }
    }

    private void unlessEnded(Runnable action) {
        lock.lock();
        try {
            if (!ended) {
                action.run();
            }
        } finally {
            lock.unlock();
        }
    }
}
