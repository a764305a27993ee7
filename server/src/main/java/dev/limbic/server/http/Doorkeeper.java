package dev.limbic.server.http;

import dev.limbic.domain.LimbicException;
import dev.limbic.server.security.Attempt;
import dev.limbic.server.security.Gate;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** Asks the gate about each request; what it refuses is answered as HTTP has it. */
record Doorkeeper(Gate gate) {
    /** What refuses the request; null if it may pass. */
    @Nullable
    Reply refuse(Channel channel, String path, Route route, FullHttpRequest request) {
        try {
            gate.enter(new Attempt(
                            route.surface(),
                            path,
                            Attempt.Kind.UNARY,
                            peer(channel.remoteAddress()),
                            request.headers().getAll(HttpHeaderNames.AUTHORIZATION),
                            certificate(channel)))
                    .leave();
            return null;
        } catch (LimbicException.Unauthenticated e) {
            return refusal(401, e, Map.of("www-authenticate", "Bearer realm=\"limbic\""));
        } catch (LimbicException.Denied e) {
            return refusal(403, e, Map.of());
        } catch (LimbicException.Overloaded e) {
            return refusal(429, e, Map.of("retry-after", seconds(e.retryAfter())));
        }
    }

    private static Reply refusal(int status, LimbicException why, Map<String, String> headers) {
        return new Reply(status, Reply.TEXT, why.getMessage() + "\n", headers);
    }

    private static String seconds(Duration wait) {
        return Long.toString(wait.plusSeconds(1).minusNanos(1).toSeconds());
    }

    private static String peer(SocketAddress address) {
        return address instanceof InetSocketAddress socket
                ? socket.getAddress().getHostAddress() + ":" + socket.getPort()
                : String.valueOf(address);
    }

    private static @Nullable X509Certificate certificate(Channel channel) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return null;
        }
        try {
            Certificate[] chain = tls.engine().getSession().getPeerCertificates();
            return chain.length > 0 && chain[0] instanceof X509Certificate certificate ? certificate : null;
        } catch (SSLPeerUnverifiedException e) {
            return null; // it showed none
        }
    }
}
