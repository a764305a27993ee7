package dev.limbic.server.wire;

import com.google.protobuf.Message;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.v1.Error;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A stream of requests that each get one answer, in the order of the requests. Each takes a slot; slots are answered in
 * any order. The server holds at most the window, plus what the transport has buffered, which gRPC bounds.
 */
final class OrderedSession<Q extends Message, R extends Message> implements StreamCall.Session<Q> {
    private final StreamCall<Q, R> stream;
    private final Exchange<Q, ? super Responder<R>> exchange;
    private final Function<Q, Function<Error, R>> refusals;

    private final ReentrantLock lock = new ReentrantLock();
    private final Queue<Slot> slots = new ArrayDeque<>(2);
    private boolean closed;

    /** @param refusals of a request, makes answers of errors; keeps of the request only what these repeat of it */
    OrderedSession(
            StreamCall<Q, R> stream,
            Exchange<Q, ? super Responder<R>> exchange,
            Function<Q, Function<Error, R>> refusals) {
        this.stream = stream;
        this.exchange = exchange;
        this.refusals = refusals;
        stream.open();
    }

    @Override
    public StreamCall.Said<Q> next(Q request) {
        Slot slot = new Slot(request);
        lock.lock();
        try {
            slots.add(slot);
        } finally {
            lock.unlock();
        }
        return slot;
    }

    @Override
    public boolean idle() {
        lock.lock();
        try {
            return slots.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        List<Slot> abandoned;
        lock.lock();
        try {
            closed = true;
            abandoned = new ArrayList<>(slots);
            slots.clear();
        } finally {
            lock.unlock();
        }
        abandoned.forEach(Slot::abandon);
    }

    /** The place of one request in the order of the stream; what can change is guarded by the session's lock. */
    private final class Slot implements StreamCall.Said<Q>, Responder<R> {
        private final Target target;
        private final Function<Error, R> refusal;
        private final long startedNanos = System.nanoTime();
        private @Nullable Pending pending;
        private long held; // of the request, then of its answer
        private @Nullable R response;

        Slot(Q request) {
            this.target = exchange.target(request);
            this.refusal = refusals.apply(request);
        }

        @Override
        public void begin(Inbound<Q> inbound) {
            long cost = exchange.cost(inbound.request());
            stream.admit(cost);
            held = cost; // before anyone else knows the slot's work
            Pending work = exchange.begin(inbound.requireReadable(), stream.deadline(), this);
            boolean tooLate;
            lock.lock();
            try {
                pending = work;
                tooLate = closed;
            } finally {
                lock.unlock();
            }
            if (tooLate) {
                work.cancel();
            }
        }

        @Override
        public void charge(int tokens) {
            stream.charge(tokens);
        }

        @Override
        public void last(R answer) {
            fill(answer, Status.Code.OK);
        }

        @Override
        public void failed(LimbicException why) {
            Failures.Failure failure = stream.failure(why);
            fill(refusal.apply(failure.inStream()), failure.code());
        }

        private void fill(R filled, Status.Code code) {
            lock.lock();
            try {
                stream.count(target, closed ? Status.Code.CANCELLED : code, startedNanos);
                response = filled;
                long cost = Cost.ofAnswer(filled); // it takes the place of the request
                stream.hold(cost - held);
                held = cost;
                for (Slot slot = slots.peek(); slot != null && slot.response != null; slot = slots.peek()) {
                    slots.remove();
                    stream.sendHeld(slot.response, slot.held);
                    stream.done();
                }
            } finally {
                lock.unlock();
            }
        }

        void abandon() {
            Pending work = pending;
            if (work != null && work.cancel()) {
                stream.count(target, Status.Code.CANCELLED, startedNanos);
            }
        }
    }
}
