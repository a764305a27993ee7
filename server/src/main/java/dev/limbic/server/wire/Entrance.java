package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.security.Attempt;
import dev.limbic.server.security.Caller;
import dev.limbic.server.security.Gate;
import dev.limbic.server.security.Surface;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthGrpc;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** Asks the gate about each call before anything is done for it. */
final class Entrance implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private static final Context.Key<Caller> CALLER = Context.keyWithDefault("caller", Caller.ANYBODY);

    private static final Failures.Failure REMOVED =
            Failures.of(new LimbicException.Unauthenticated("the token of this stream was taken back"));

    private final Gate gate;

    Entrance(Gate gate) {
        this.gate = gate;
    }

    /** Who makes the call that is being started on this thread. */
    static Caller caller() {
        return CALLER.get();
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        Caller caller;
        try {
            caller = gate.enter(attempt(call, headers));
        } catch (LimbicException e) {
            Failures.Failure failure = Failures.of(e);
            call.close(failure.status(), failure.trailers());
            return new ServerCall.Listener<>() {};
        }
        if (caller.equals(Caller.ANYBODY)) {
            return next.startCall(call, headers);
        }
        EndableCall<Q, R> endable = new EndableCall<>(call);
        Context context = Context.current().withValue(CALLER, caller);
        Context before = context.attach();
        ServerCall.Listener<Q> listener;
        try {
            listener = next.startCall(endable, headers);
        } catch (RuntimeException e) {
            caller.leave();
            throw e;
        } finally {
            context.detach(before);
        }
        if (kind(call.getMethodDescriptor()) != Attempt.Kind.UNARY) { // the others are over in a moment
            caller.whenRemoved(() -> {
                endable.end(REMOVED.status(), REMOVED.trailers());
                caller.leave();
            });
        }
        return leaving(caller, listener);
    }

    /** Tells the gate when the call has ended. */
    private static <Q> ServerCall.Listener<Q> leaving(Caller caller, ServerCall.Listener<Q> listener) {
        return new SimpleForwardingServerCallListener<>(listener) {
            @Override
            public void onCancel() {
                caller.leave();
                super.onCancel();
            }

            @Override
            public void onComplete() {
                caller.leave();
                super.onComplete();
            }
        };
    }

    private static Attempt attempt(ServerCall<?, ?> call, Metadata headers) {
        Iterable<String> authorization = headers.getAll(AUTHORIZATION);
        List<String> values = new ArrayList<>(1);
        if (authorization != null) {
            authorization.forEach(values::add);
        }
        MethodDescriptor<?, ?> method = call.getMethodDescriptor();
        Attributes attributes = call.getAttributes();
        return new Attempt(
                surface(method),
                method.getFullMethodName(),
                kind(method),
                peer(attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)),
                values,
                certificate(attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION)));
    }

    private static Surface surface(MethodDescriptor<?, ?> method) {
        String service = String.valueOf(method.getServiceName());
        if (service.equals(HealthGrpc.SERVICE_NAME)) {
            return Surface.HEALTH;
        }
        return service.startsWith("grpc.reflection.") ? Surface.REFLECTION : Surface.SERVICE;
    }

    private static Attempt.Kind kind(MethodDescriptor<?, ?> method) {
        MethodDescriptor.MethodType type = method.getType();
        if (!type.clientSendsOneMessage()) {
            return Attempt.Kind.STREAM;
        }
        return type.serverSendsOneMessage() ? Attempt.Kind.UNARY : Attempt.Kind.ANSWERS;
    }

    private static String peer(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress socket
                ? socket.getAddress().getHostAddress() + ":" + socket.getPort()
                : String.valueOf(address);
    }

    private static @Nullable X509Certificate certificate(@Nullable SSLSession session) {
        if (session == null) {
            return null;
        }
        try {
            Certificate[] chain = session.getPeerCertificates();
            return chain.length > 0 && chain[0] instanceof X509Certificate certificate ? certificate : null;
        } catch (SSLPeerUnverifiedException e) {
            return null; // it showed none
        }
    }
}
