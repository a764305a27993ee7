package dev.limbic.server.http;

import dev.limbic.server.security.TlsIdentity;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/**
 * Begins each connection with the certificates of the moment, and tells a client that speaks plaintext what it should
 * speak. On the HTTP thread only, but for its making.
 */
final class TlsEntrance {
    /** The first byte of a TLS handshake. */
    private static final int HANDSHAKE = 22;

    private static final String ANSWER = "this port speaks HTTPS\n";
    private static final byte[] PLAINTEXT_ANSWER =
            ("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: "
                            + ANSWER.length() + "\r\n\r\n" + ANSWER)
                    .getBytes(StandardCharsets.US_ASCII);

    private final Supplier<TlsIdentity> identity;
    private TlsIdentity builtFrom;
    private SslContext context;

    /** @throws SSLException if the JDK does not take the certificates */
    TlsEntrance(Supplier<TlsIdentity> identity) throws SSLException {
        this.identity = identity;
        this.builtFrom = identity.get();
        this.context = build(builtFrom);
    }

    private static SslContext build(TlsIdentity identity) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forServer(identity.keys())
                .sslProvider(SslProvider.JDK)
                .protocols(TlsIdentity.PROTOCOLS);
        if (identity.clientAuthorities() != null) {
            builder.trustManager(identity.clientAuthorities())
                    .clientAuth(identity.clientsMust() ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL);
        }
        return builder.build();
    }

    /** What comes first in a connection's pipeline. */
    ChannelHandler handler() {
        return new ByteToMessageDecoder() {
            @Override
            protected void decode(ChannelHandlerContext channel, ByteBuf in, List<Object> out) throws SSLException {
                if (in.getUnsignedByte(in.readerIndex()) == HANDSHAKE) {
                    SslHandler tls = current().newHandler(channel.alloc());
                    tls.setHandshakeTimeout(TlsIdentity.HANDSHAKE_SECONDS, TimeUnit.SECONDS);
                    channel.pipeline().replace(this, null, tls);
                } else {
                    in.skipBytes(in.readableBytes());
                    channel.writeAndFlush(Unpooled.wrappedBuffer(PLAINTEXT_ANSWER))
                            .addListener(ChannelFutureListener.CLOSE);
                }
            }
        };
    }

    private SslContext current() throws SSLException {
        TlsIdentity now = identity.get();
        if (!now.equals(builtFrom)) {
            context = build(now);
            builtFrom = now;
        }
        return context;
    }
}
