package dev.limbic.server.wire;

import dev.limbic.server.pipeline.Pipeline;
import dev.limbic.server.security.Protection;
import dev.limbic.server.stream.Interactions;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The listening gRPC server with our services, health and reflection. */
public final class GrpcServer implements AutoCloseable {
    /** What a client may send on a stream that is not read, in bytes; chat lines are small. */
    private static final int FLOW_CONTROL_WINDOW = 65_535;

    /**
     * What a connection may bring before it is the next one's turn on a network thread, in bytes. Netty would read a
     * mebibyte, which holds twenty thousand streams that are opened and reset.
     */
    private static final int TURN_BYTES = 16_384;

    private static final Duration LAST_BYTES = Duration.ofMillis(500);

    private final Server server;
    private final Admission admission;
    private final ModelHealth health;

    private GrpcServer(Server server, Admission admission, ModelHealth health) {
        this.server = server;
        this.admission = admission;
        this.health = health;
    }

    /**
     * Binds the port and serves.
     *
     * @throws IOException if the port cannot be bound
     */
    @SuppressWarnings("deprecation") // the v1alpha reflection service, which many tools still ask for
    public static GrpcServer start(
            WireSettings settings,
            Pipeline pipeline,
            Interactions interactions,
            ModelHealth health,
            WireObserver observer,
            Protection protection)
            throws IOException {
        InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
        if (address.isUnresolved()) {
            throw new UnknownHostException(settings.host());
        }
        Admission admission = new Admission(settings.maxCalls(), settings.maxBytesInFlight());
        Calls calls = new Calls(pipeline, interactions, admission, observer, settings.maxInFlightPerStream());
        SslContext tls = protection.tls().isPresent()
                ? new ReloadedSslContext(protection.tls().get())
                : null;
        Server server = NettyServerBuilder.forAddress(address, FrameGuard.on(tls, admission, settings.maxConnections()))
                .withChildOption(
                        ChannelOption.RCVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(64, 2048, TURN_BYTES).maxMessagesPerRead(1))
                .intercept(new Entrance(protection.gate()))
                .directExecutor() // no handler blocks, and a thread less to wake is a third of the overhead
                .maxInboundMessageSize(settings.longestMessage())
                .flowControlWindow(FLOW_CONTROL_WINDOW)
                .maxConcurrentCallsPerConnection(settings.maxCallsPerConnection())
                .maxRstFramesPerWindow(
                        4 * settings.maxCallsPerConnection(), 1) // every call given up four times a second
                .decompressorRegistry(Gzip.REGISTRY)
                .keepAliveTime(settings.keepAlive().toNanos(), TimeUnit.NANOSECONDS)
                .permitKeepAliveTime(10, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .addServices(Contract.services(calls, settings))
                .addService(Visitors.host(health.service(), admission, settings.maxMessageBytes()))
                .addService(
                        Visitors.host(ProtoReflectionServiceV1.newInstance(), admission, settings.maxMessageBytes()))
                .addService(Visitors.host(ProtoReflectionService.newInstance(), admission, settings.maxMessageBytes()))
                .addStreamTracerFactory(Unread.factory(admission))
                .build();
        server.start();
        return new GrpcServer(server, admission, health);
    }

    /** Bytes that all calls hold: messages, what waits to be sent, what conversations remember. */
    public long bytesInFlight() {
        return admission.bytes();
    }

    /** Calls of our services that are open. */
    public int callsOpen() {
        return admission.calls();
    }

    /** Port it listens on. */
    public int port() {
        return server.getPort();
    }

    /**
     * Says NOT_SERVING, answers new calls UNAVAILABLE, and lets each open stream end once what it has accepted is
     * answered. The port stays open, so that health checks see why.
     */
    public void drain() {
        health.end();
        admission.drain();
    }

    /**
     * Waits until every call has ended; only after {@link #drain}.
     *
     * @return whether they all have
     */
    public boolean awaitCalls(Duration patience) throws InterruptedException {
        return admission.awaitEnd(patience);
    }

    /** Closes the port and every connection. */
    @Override
    public void close() {
        try {
            server.shutdown();
            if (!server.awaitTermination(LAST_BYTES.toMillis(), TimeUnit.MILLISECONDS)) {
                server.shutdownNow();
                server.awaitTermination(LAST_BYTES.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
