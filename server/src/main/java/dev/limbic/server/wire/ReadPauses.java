package dev.limbic.server.wire;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;

/**
 * While requests are refused for want of time or room, a connection is not read again at once: what comes in the meantime is
 * then read, decided and answered by one wake-up instead of many, and the device keeps its cores. Who asks for less
 * than can be done never waits. On the connection's thread.
 */
final class ReadPauses extends ChannelInboundHandlerAdapter {
    /** A part of what a batch takes, and long enough for dozens of requests. */
    private static final long PAUSE_NANOS = 2_000_000;

    private final Pressure pressure;
    private boolean moreWaits;

    ReadPauses(Pressure pressure) {
        this.pressure = pressure;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        moreWaits = message instanceof ByteBuf bytes && !bytes.isWritable();
        context.fireChannelRead(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        Channel channel = context.channel();
        if (!moreWaits && channel.config().isAutoRead() && pressure.isHigh()) {
            channel.config().setAutoRead(false);
            var _ = context.executor()
                    .schedule(() -> channel.config().setAutoRead(true), PAUSE_NANOS, TimeUnit.NANOSECONDS);
        }
        context.fireChannelReadComplete();
    }
}
