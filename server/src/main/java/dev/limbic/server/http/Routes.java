package dev.limbic.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
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
import java.util.Map;
import java.util.function.Supplier;

/** Answers one request after another of one connection. */
final class Routes extends SimpleChannelInboundHandler<FullHttpRequest> {
    private final Map<String, Supplier<Reply>> routes;

    Routes(Map<String, Supplier<Reply>> routes) {
        this.routes = routes;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        boolean head = request.method().equals(HttpMethod.HEAD);
        FullHttpResponse response = response(reply(request, head), head);
        ChannelFuture sent = context.writeAndFlush(response);
        if (request.decoderResult().isFailure()) {
            sent.addListener(ChannelFutureListener.CLOSE); // what follows cannot be understood
        }
    }

    private Reply reply(FullHttpRequest request, boolean head) {
        if (request.decoderResult().isFailure()) {
            return Reply.text(400, "this is not a request that HTTP/1.1 allows, or it is too long\n");
        }
        Supplier<Reply> route = routes.get(path(request.uri()));
        if (route == null) {
            return Reply.text(404, "nothing here; try " + String.join(", ", routes.keySet()) + "\n");
        }
        if (!head && !request.method().equals(HttpMethod.GET)) {
            return Reply.text(405, "only GET and HEAD\n");
        }
        return route.get();
    }

    private static String path(String uri) {
        return new QueryStringDecoder(uri).rawPath();
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
        if (reply.status() == 405) {
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        return response;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // A broken or silent connection is the client's affair.
        var _ = context.close();
    }
}
