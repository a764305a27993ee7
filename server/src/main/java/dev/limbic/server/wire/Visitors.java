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

/**
 * Calls that do no work, such as health and reflection, which gRPC's libraries bring: they are counted as ours are, and
 * a message that cannot be read is refused in an answer, not in the log.
 */
final class Visitors implements ServerInterceptor {
    private final Admission admission;

    private Visitors(Admission admission) {
        this.admission = admission;
    }

    /** The service, as we serve it. */
    static ServerServiceDefinition host(BindableService service, Admission admission) {
        // With messages as they came, so that they are read inside this interceptor.
        return ServerInterceptors.intercept(
                ServerInterceptors.useInputStreamMessages(service.bindService()), new Visitors(admission));
    }

    /** Answers each request with the same. */
    static <Q extends Message, R> ServerCallHandler<Inbound<Q>, R> always(R answer, Admission admission) {
        Visitors visitors = new Visitors(admission);
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
                        super.onMessage(message);
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
}
