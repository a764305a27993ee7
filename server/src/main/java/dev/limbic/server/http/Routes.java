package dev.limbic.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers one request after another of one connection, reading the next when the answer has left, so that a client that
 * does not read is not read either. The first whole request must come soon, however slowly it is sent; from the end of
 * one answer the client has a longer while for the next, as scrapers come back once a minute.
 */
final class Routes extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(75);

    private final Map<String, Route> routes;
    private final Doorkeeper doorkeeper;
    private final Duration first;
    private final Runnable answered;
    private @Nullable Future<?> patience;

    /**
     * @param first how long the first request may take to come
     * @param answered told after each answer that has left; the connection is still open
     */
    Routes(Map<String, Route> routes, Doorkeeper doorkeeper, Duration first, Runnable answered) {
        this.routes = routes;
        this.doorkeeper = doorkeeper;
        this.first = first;
        this.answered = answered;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        await(context, first);
    }

    private void await(ChannelHandlerContext context, Duration next) {
        patience = context.executor().schedule(() -> close(context), next.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        stopWaiting();
    }

    private void stopWaiting() {
        if (patience != null) {
            patience.cancel(false);
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        context.channel().config().setAutoRead(false);
        boolean head = request.method().equals(HttpMethod.HEAD);
        FullHttpResponse response = response(reply(context.channel(), request, head), head);
        boolean last = request.decoderResult().isFailure(); // what follows cannot be understood
        context.writeAndFlush(response).addListener(sent -> {
            stopWaiting(); // until now, so that an answer that is never read has an end too
            if (last || !sent.isSuccess()) {
                close(context);
            } else {
                answered.run();
                await(context, KEEP_ALIVE);
                // Not from within the reading of this request: a client that sends many would make the stack grow.
                context.executor().execute(() -> context.channel().config().setAutoRead(true));
            }
        });
    }

    private Reply reply(Channel channel, FullHttpRequest request, boolean head) {
        if (request.decoderResult().isFailure()) {
            return Reply.text(400, "this is not a request that HTTP/1.1 allows, or it is too long\n");
        }
        String path = path(request.uri());
        Route route = routes.get(path);
        if (route == null) {
            return Reply.text(404, "nothing here; try " + String.join(", ", routes.keySet()) + "\n");
        }
        if (!head && !request.method().equals(HttpMethod.GET)) {
            return Reply.text(405, "only GET and HEAD\n");
        }
        Reply refusal = doorkeeper.refuse(channel, path, route, request);
        return refusal == null ? route.reply().get() : refusal;
    }

    private static String path(String uri) {
        String path = new QueryStringDecoder(uri).rawPath();
        if (path.startsWith("/")) {
            return path;
        }
        int authority = path.indexOf("://"); // the absolute form, meant for proxies, which every server must take
        int slash = authority < 0 ? -1 : path.indexOf('/', authority + 3);
        return slash < 0 ? "/" : path.substring(slash);
    }

    private static FullHttpResponse response(Reply reply, boolean head) {
        byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
        ByteBuf content = head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body);
        FullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(reply.status()), content);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, reply.contentType())
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
                .set("x-content-type-options", "nosniff")
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        reply.headers().forEach(response.headers()::set);
        if (reply.status() == 405) {
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        return response;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // A broken or silent connection is the client's affair.
        close(context);
    }

    private static void close(ChannelHandlerContext context) {
        var _ = context.close();
    }
}
