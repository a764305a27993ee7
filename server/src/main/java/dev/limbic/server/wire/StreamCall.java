package dev.limbic.server.wire;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.Kinds;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.server.pipeline.Receiver;
import dev.limbic.server.security.Caller;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One AnalyzeStream call.
 *
 * <p>Each request takes a slot; slots are answered in any order and sent in the order of the requests. At first as many
 * messages are asked for as the window has slots, and one more each time an answer leaves for a transport that is
 * ready. A client that does not read therefore stops being read: the server holds at most the window plus what the
 * transport has buffered, which gRPC bounds.
 *
 * <p>gRPC calls the listener methods one after another; answers come from other threads, so what touches the call or
 * the slots is behind a lock.
 */
final class StreamCall extends ServerCall.Listener<Inbound<AnalyzeRequest>> implements Admission.Stream {
    private final Calls calls;
    private final ServerCall<Inbound<AnalyzeRequest>, AnalyzeStreamResponse> call;
    private final Admission.Seat seat;
    private final @Nullable Deadline deadline;
    private final Caller caller = Entrance.caller();

    private final ReentrantLock lock = new ReentrantLock();
    private final Queue<Slot> slots = new ArrayDeque<>(2);
    private boolean halfClosed;
    private boolean draining;
    private boolean ended;

    private StreamCall(
            Calls calls,
            ServerCall<Inbound<AnalyzeRequest>, AnalyzeStreamResponse> call,
            Admission.Seat seat,
            @Nullable Deadline deadline) {
        this.calls = calls;
        this.call = call;
        this.seat = seat;
        this.deadline = deadline;
    }

    static ServerCall.Listener<Inbound<AnalyzeRequest>> start(
            Calls calls, ServerCall<Inbound<AnalyzeRequest>, AnalyzeStreamResponse> call) {
        Admission.Seat seat;
        try {
            seat = calls.admission().enterStream();
        } catch (LimbicException e) {
            return UnaryCall.refuse(calls, call, Calls.ANALYZE_STREAM, e);
        }
        StreamCall stream = new StreamCall(calls, call, seat, Context.current().getDeadline());
        call.sendHeaders(new Metadata());
        call.request(calls.window());
        calls.observer().streamOpened();
        calls.admission().opened(stream);
        return stream;
    }

    @Override
    public void onMessage(Inbound<AnalyzeRequest> inbound) {
        Slot slot = new Slot(inbound.request());
        boolean late;
        lock.lock();
        try {
            if (ended) {
                return;
            }
            late = draining;
            slots.add(slot);
        } finally {
            lock.unlock();
        }
        if (late) {
            slot.failed(stopping());
            return;
        }
        try {
            caller.request();
            slot.hold(Cost.of(inbound.request()));
            slot.startedAs(calls.pipeline()
                    .submit(Kinds.TEXT, EmotionCodec.request(inbound.requireReadable(), deadline), slot));
        } catch (LimbicException e) {
            slot.failed(e);
        } catch (RuntimeException e) {
            slot.failed(new LimbicException.Internal("the request could not be started", e));
        }
    }

    @Override
    public void onHalfClose() {
        lock.lock();
        try {
            halfClosed = true;
            flush();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onReady() {
        lock.lock();
        try {
            flush();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onCancel() {
        List<Slot> abandoned;
        lock.lock();
        try {
            ended = true;
            abandoned = new ArrayList<>(slots);
            slots.clear();
        } finally {
            lock.unlock();
        }
        abandoned.forEach(Slot::abandon);
        left();
    }

    @Override
    public void onComplete() {
        left();
    }

    private void left() {
        calls.admission().closed(this);
        seat.leave();
        calls.observer().streamClosed();
    }

    @Override
    public void drain() {
        lock.lock();
        try {
            draining = true;
            flush();
        } finally {
            lock.unlock();
        }
    }

    private static LimbicException stopping() {
        return new LimbicException.Unavailable("the server is stopping", Duration.ofSeconds(1));
    }

    /** Under the lock: sends what is answered and next in order, as far as the transport takes it. */
    private void flush() {
        if (ended) {
            return;
        }
        for (Slot slot = slots.peek(); slot != null && slot.response != null && call.isReady(); slot = slots.peek()) {
            slots.remove();
            seat.give(slot.held);
            call.sendMessage(slot.response);
            if (!draining) {
                call.request(1);
            }
        }
        if (slots.isEmpty() && (halfClosed || draining)) {
            ended = true;
            if (halfClosed) {
                call.close(Status.OK, new Metadata());
            } else {
                Failures.Failure stopping = Failures.of(stopping());
                call.close(stopping.status(), stopping.trailers());
            }
        }
    }

    /** The place of one request in the order of the stream; its fields are guarded by the stream's lock. */
    private final class Slot implements Receiver<Emotions> {
        private final String requestId;
        private final long clientTimeMicros;
        private final String model;
        private final long startedNanos = System.nanoTime();
        private @Nullable Pending pending;
        private long held;
        private @Nullable AnalyzeStreamResponse response;

        Slot(AnalyzeRequest request) {
            this.requestId = CommonCodec.echo(request.getRequestId());
            this.clientTimeMicros = request.getClientTimeMicros();
            this.model = CommonCodec.echo(request.getModel());
        }

        /** @throws LimbicException.Overloaded if all calls hold too much; the slot is then only its answer */
        void hold(long bytes) {
            seat.take(bytes);
            held = bytes; // before anyone else knows the slot's work
        }

        void startedAs(Pending work) {
            boolean tooLate;
            lock.lock();
            try {
                pending = work;
                tooLate = ended;
            } finally {
                lock.unlock();
            }
            if (tooLate) {
                work.cancel();
            }
        }

        @Override
        public void answered(Answer<Emotions> answer) {
            caller.charge(answer.cost());
            fill(EmotionCodec.inStream(requestId, clientTimeMicros, answer), Status.Code.OK);
        }

        @Override
        public void failed(LimbicException thrown) {
            Failures.Failure failure = calls.failure(Calls.ANALYZE_STREAM, thrown);
            fill(EmotionCodec.inStream(requestId, clientTimeMicros, failure.inStream()), failure.code());
        }

        private void fill(AnalyzeStreamResponse filled, Status.Code code) {
            lock.lock();
            try {
                calls.answered(
                        Calls.ANALYZE_STREAM, Kinds.TEXT, model, ended ? Status.Code.CANCELLED : code, startedNanos);
                response = filled;
                flush();
            } finally {
                lock.unlock();
            }
        }

        void abandon() {
            Pending work = pending;
            if (work != null && work.cancel()) {
                calls.answered(Calls.ANALYZE_STREAM, Kinds.TEXT, model, Status.Code.CANCELLED, startedNanos);
            }
        }
    }
}
