package dev.limbic.server.http;

import dev.limbic.server.security.Protection;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Serves GET and HEAD for a fixed set of paths, on one thread called {@code limbic-http}. */
public final class HttpServer implements AutoCloseable {
    /** Requests have no business with a body. */
    private static final int MAX_BODY_BYTES = 4096;

    private static final int MAX_LINE_BYTES = 4096;
    private static final int MAX_HEADER_BYTES = 8192;
    private static final int MAX_CHUNK_BYTES = 8192;
    /** Most connections; a scraper needs one. */
    private static final int MAX_CONNECTIONS = 256;

    /** For the first request, however slowly it comes. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final MultiThreadIoEventLoopGroup loop;
    private final Channel listening;

    private HttpServer(MultiThreadIoEventLoopGroup loop, Channel listening) {
        this.loop = loop;
        this.listening = listening;
    }

    /**
     * Binds and serves.
     *
     * @param port 0 for any free one
     * @param routes what to answer by path
     * @param protection who may ask
     * @throws IOException if the port cannot be bound
     */
    public static HttpServer start(String host, int port, Map<String, Route> routes, Protection protection)
            throws IOException {
        return start(host, port, routes, protection, PATIENCE);
    }

    static HttpServer start(String host, int port, Map<String, Route> routes, Protection protection, Duration patience)
            throws IOException {
        Doorkeeper doorkeeper = new Doorkeeper(protection.gate());
        TlsEntrance entrance =
                protection.tls().isPresent() ? new TlsEntrance(protection.tls().get()) : null;
        MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("limbic-http", true), NioIoHandler.newFactory());
        LinkedHashSet<Channel> connections = new LinkedHashSet<>(); // the one that was answered longest ago first
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        if (connections.size() >= MAX_CONNECTIONS) {
                            // Whoever opens many and says little makes room for a newcomer, which may ask for /healthz.
                            var _ = connections.removeFirst().close();
                        }
                        connections.addLast(channel);
                        channel.closeFuture().addListener(closed -> connections.remove(channel));
                        if (entrance != null) {
                            channel.pipeline().addLast(entrance.handler());
                        }
                        channel.pipeline()
                                .addLast(new HttpServerCodec(MAX_LINE_BYTES, MAX_HEADER_BYTES, MAX_CHUNK_BYTES))
                                .addLast(new HttpServerKeepAliveHandler())
                                .addLast(new HttpObjectAggregator(MAX_BODY_BYTES))
                                .addLast(new FlowControlHandler()) // holds what was read before reading stopped
                                .addLast(new Routes(routes, doorkeeper, patience, () -> {
                                    if (channel.isOpen()) {
                                        connections.addLast(channel); // or moves it there
                                    }
                                }));
                    }
                })
                .bind(new InetSocketAddress(host, port))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
            throw bound.cause() instanceof UnresolvedAddressException
                    ? new UnknownHostException(host)
                    : new IOException(String.valueOf(bound.cause().getMessage()), bound.cause());
        }
        return new HttpServer(loop, bound.channel());
    }

    /** Port it listens on. */
    public int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    @Override
    public void close() {
        listening.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
}
