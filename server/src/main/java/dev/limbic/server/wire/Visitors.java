package dev.limbic.server.wire;

import com.google.protobuf.Message;
import dev.limbic.domain.LimbicException;
import io.grpc.BindableService;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Calls that do no work, such as health and reflection, which gRPC's libraries bring: they are counted as ours are, and
 * a message that cannot be read is refused in an answer, not in the log.
 */
final class Visitors implements ServerInterceptor {
    private final Admission admission;
    private final int maxMessageBytes;

    private Visitors(Admission admission, int maxMessageBytes) {
        this.admission = admission;
        this.maxMessageBytes = maxMessageBytes;
    }

    /**
     * The service, as we serve it.
     *
     * @param maxMessageBytes longest message; gRPC lets longer ones through, for pictures elsewhere
     */
    static ServerServiceDefinition host(BindableService service, Admission admission, int maxMessageBytes) {
        // With messages as they came, so that they are read inside this interceptor.
        return ServerInterceptors.intercept(
                ServerInterceptors.useInputStreamMessages(service.bindService()),
                new Visitors(admission, maxMessageBytes));
    }

    /** Answers each request with the same. */
    static <Q extends Message, R> ServerCallHandler<Inbound<Q>, R> always(R answer, Admission admission) {
        Visitors visitors = new Visitors(admission, Integer.MAX_VALUE); // an Inbound is bounded where it is read
        ServerCallHandler<Inbound<Q>, R> handler = ServerCalls.asyncUnaryCall((request, observer) -> {
            if (request.refusal() != null) {
                Failures.Failure failure = Failures.of(request.refusal());
                observer.onError(failure.status().asRuntimeException(failure.trailers()));
            } else {
                observer.onNext(answer);
                observer.onCompleted();
            }
        });
        return (call, headers) -> visitors.interceptCall(call, headers, handler);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        Admission.Seat seat;
        try {
            seat = admission.visit(!call.getMethodDescriptor().getType().clientSendsOneMessage()
                    || !call.getMethodDescriptor().getType().serverSendsOneMessage());
        } catch (LimbicException e) {
            Failures.Failure failure = Failures.of(e);
            call.close(failure.status(), failure.trailers());
            return new ServerCall.Listener<>() {};
        }
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            private boolean refused;

            @Override
            public void onMessage(Q message) {
                try {
                    if (!refused) {
                        super.onMessage(bounded(message));
                    }
                } catch (StatusRuntimeException unreadable) {
                    refused = true;
                    boolean large = unreadable.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED;
                    call.close(
                            large
                                    ? unreadable.getStatus()
                                    : Status.INVALID_ARGUMENT.withDescription("the message cannot be read"),
                            new Metadata());
                }
            }

            @Override
            public void onHalfClose() {
                if (!refused) {
                    super.onHalfClose();
                }
            }

            @Override
            public void onCancel() {
                seat.leave();
                super.onCancel();
            }

            @Override
            public void onComplete() {
                seat.leave();
                super.onComplete();
            }
        };
    }

    /** A message as it came, all of it; others are left alone. */
    @SuppressWarnings("unchecked") // a stream for a stream
    private <Q> Q bounded(Q message) {
        if (!(message instanceof InputStream stream)) {
            return message;
        }
        try (stream) {
            byte[] bytes = stream.readNBytes(maxMessageBytes + 1);
            if (bytes.length > maxMessageBytes) {
                throw Status.RESOURCE_EXHAUSTED
                        .withDescription(
                                "the message has more than %d bytes (limits.max-message)".formatted(maxMessageBytes))
                        .asRuntimeException();
            }
            return (Q) new ByteArrayInputStream(bytes);
        } catch (IOException e) {
            throw Status.INVALID_ARGUMENT.withCause(e).asRuntimeException();
        }
    }
}
