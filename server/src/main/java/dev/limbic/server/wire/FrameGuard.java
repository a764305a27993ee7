package dev.limbic.server.wire;

import dev.limbic.natives.Scheduling;
import io.grpc.ServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.shaded.io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.shaded.io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Flags;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameListener;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Settings;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.util.AsciiString;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stands between HTTP/2 and gRPC on one connection. Frames that say nothing are not handed on, and too many of them in a
 * second end the connection with ENHANCE_YOUR_CALM; what gRPC keeps of a message does not keep more than itself.
 *
 * <p>gRPC counts pings, resets and unsent control frames, but no frames without data: it queues each, so that bytes
 * that say nothing fill the heap. Netty has a guard against them that gRPC's server does not switch on. The negotiator is
 * the only door to a connection's frames; it has no public API. Called on the connection's thread.
 */
final class FrameGuard extends Http2FrameListenerDecorator {
    /** Of a connection and second; clients send none, or one at the end of a window. */
    private static final int MOST_IDLE_FRAMES = 1000;

    /** What a message begins with; a frame with less is no message, only a piece of one. */
    private static final int PREFIX_BYTES = 5;

    private long secondStarted = System.nanoTime();
    private int idleFrames;

    private final Admission admission;

    private FrameGuard(Http2FrameListener grpc, Admission admission) {
        super(grpc);
        this.admission = admission;
    }

    /**
     * How a server speaks, with a guard on each connection.
     *
     * @param tls null for no encryption
     * @param maxConnections more than these are closed before anything is read from them
     */
    static ServerCredentials on(@Nullable SslContext tls, Admission admission, int maxConnections) {
        return InternalNettyServerCredentials.create(new Guarded(
                tls == null
                        ? InternalProtocolNegotiators.serverPlaintext()
                        : InternalProtocolNegotiators.serverTls(tls),
                admission,
                new Semaphore(maxConnections)));
    }

    private record Guarded(InternalProtocolNegotiator.ProtocolNegotiator plain, Admission admission, Semaphore places)
            implements InternalProtocolNegotiator.ProtocolNegotiator {
        @Override
        public AsciiString scheme() {
            return plain.scheme();
        }

        @Override
        public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
            Scheduling.interruptNobody(); // on the connection's thread
            if (!places.tryAcquire()) {
                return new Turned();
            }
            grpc.decoder().frameListener(new FrameGuard(grpc.decoder().frameListener(), admission));
            ChannelHandler speaking = plain.newHandler(grpc);
            return new ChannelHandlerAdapter() {
                @Override
                public void handlerAdded(ChannelHandlerContext context) {
                    var _ = context.channel().closeFuture().addListener(closed -> places.release());
                    context.pipeline().replace(this, null, speaking);
                }
            };
        }

        @Override
        public void close() {
            plain.close();
        }
    }

    /** Closes a connection that finds no place. */
    private static final class Turned extends ChannelHandlerAdapter {
        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            var _ = context.close();
        }
    }

    @Override
    public int onDataRead(ChannelHandlerContext context, int stream, ByteBuf data, int padding, boolean end)
            throws Http2Exception {
        int bytes = data.readableBytes();
        if (bytes < PREFIX_BYTES && !end) {
            count();
            if (bytes == 0) {
                return padding;
            }
        }
        if (admission.overflows()) {
            throw Http2Exception.streamError(stream, Http2Error.ENHANCE_YOUR_CALM, "all calls together hold too much");
        }
        // A slice would hold all that was read with it for as long as gRPC waits for the rest of the message.
        ByteBuf own = context.alloc().buffer(bytes).writeBytes(data);
        try {
            return super.onDataRead(context, stream, own, padding, end);
        } finally {
            own.release();
        }
    }

    @Override
    public void onPriorityRead(
            ChannelHandlerContext context, int stream, int dependency, short weight, boolean exclusive)
            throws Http2Exception {
        count();
        super.onPriorityRead(context, stream, dependency, weight, exclusive);
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings) throws Http2Exception {
        count();
        super.onSettingsRead(context, settings);
    }

    @Override
    public void onUnknownFrame(ChannelHandlerContext context, byte type, int stream, Http2Flags flags, ByteBuf payload)
            throws Http2Exception {
        count();
        super.onUnknownFrame(context, type, stream, flags, payload);
    }

    private void count() throws Http2Exception {
        long now = System.nanoTime();
        if (now - secondStarted >= TimeUnit.SECONDS.toNanos(1)) {
            secondStarted = now;
            idleFrames = 0;
        }
        if (++idleFrames > MOST_IDLE_FRAMES) {
            throw Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too many frames without data");
        }
    }
}
