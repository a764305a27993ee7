package dev.limbic.server.wire;

import dev.limbic.server.security.TlsIdentity;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.buffer.ByteBufAllocator;
import io.grpc.netty.shaded.io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSessionContext;

/**
 * Begins each connection with the certificates of the moment. New certificates come with a new context, so that no
 * session of an old one is resumed.
 *
 * <p>The JDK's TLS, not the native one that comes with gRPC: that one unpacks a library into the temporary folder, which
 * may be read-only, or everybody's.
 */
final class ReloadedSslContext extends SslContext {
    private record Built(TlsIdentity identity, SslContext context) {}

    private final Supplier<TlsIdentity> identity;
    private volatile Built built;

    /** @throws SSLException if the JDK does not take the certificates */
    ReloadedSslContext(Supplier<TlsIdentity> identity) throws SSLException {
        this.identity = identity;
        this.built = build(identity.get());
    }

    private static Built build(TlsIdentity identity) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forServer(identity.keys()).protocols(TlsIdentity.PROTOCOLS);
        if (identity.clientAuthorities() != null) {
            builder.trustManager(identity.clientAuthorities())
                    .clientAuth(identity.clientsMust() ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL);
        }
        return new Built(
                identity, GrpcSslContexts.configure(builder, SslProvider.JDK).build());
    }

    private SslContext current() {
        TlsIdentity now = identity.get();
        Built last = built;
        if (last.identity().equals(now)) {
            return last.context();
        }
        try {
            Built next = build(now);
            built = next;
            return next.context();
        } catch (SSLException e) {
            throw new IllegalStateException(e); // it was tried when it was loaded
        }
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator allocator) {
        return current().newEngine(allocator);
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator allocator, String host, int port) {
        return current().newEngine(allocator, host, port);
    }

    @Override
    public boolean isClient() {
        return false;
    }

    @Override
    public List<String> cipherSuites() {
        return built.context().cipherSuites();
    }

    @Override
    @SuppressWarnings("deprecation") // Netty's own way to ask for it
    public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
        return built.context().applicationProtocolNegotiator();
    }

    @Override
    public SSLSessionContext sessionContext() {
        return built.context().sessionContext();
    }
}
