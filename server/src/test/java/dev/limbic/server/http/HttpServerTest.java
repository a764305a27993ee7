package dev.limbic.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.server.TestConfig;
import dev.limbic.server.security.Surface;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Speaks HTTP by hand, to see what really goes over the wire. */
class HttpServerTest {
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = serve("/hello", () -> Reply.text(200, "hi\n"));
    }

    private static HttpServer serve(String path, Supplier<Reply> reply) throws IOException {
        return HttpServer.start(
                "127.0.0.1", 0, Map.of(path, new Route(Surface.METRICS, reply)), TestConfig.unprotected());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** Sends bytes and reads until the server closes the connection. */
    private String exchange(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static String request(String method, String path) {
        return method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    }

    @Test
    void answersGet() throws IOException {
        assertThat(exchange(request("GET", "/hello?a=b")))
                .startsWith("HTTP/1.1 200 OK")
                .contains("content-length: 3")
                .contains("nosniff")
                .endsWith("\r\n\r\nhi\n");
    }

    @Test
    void answersHeadWithoutABody() throws IOException {
        assertThat(exchange(request("HEAD", "/hello")))
                .startsWith("HTTP/1.1 200 OK")
                .contains("content-length: 3")
                .endsWith("\r\n\r\n");
    }

    @Test
    void refusesOtherPathsAndMethods() throws IOException {
        assertThat(exchange(request("GET", "/nothing")))
                .startsWith("HTTP/1.1 404")
                .contains("/hello");
        assertThat(exchange(request("DELETE", "/hello")))
                .startsWith("HTTP/1.1 405")
                .contains("allow: GET, HEAD");
    }

    @Test
    void answersTheAbsoluteForm() throws IOException {
        assertThat(exchange(request("GET", "http://here:80/hello"))).startsWith("HTTP/1.1 200 OK");
        assertThat(exchange(request("GET", "http://here"))).startsWith("HTTP/1.1 404");
    }

    @Test
    void aClientThatDoesNotReadIsNotAnsweredForEver() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        String large = "x".repeat(2_000_000);
        int requests = 100; // 200 MB of answers
        try (HttpServer slow = serve("/large", () -> {
                    asked.incrementAndGet();
                    return Reply.text(200, large);
                });
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), slow.port())) {
            byte[] request = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
            for (int i = 0; i < requests; i++) {
                socket.getOutputStream().write(request);
            }
            int before;
            do {
                before = asked.get();
                Thread.sleep(200);
            } while (asked.get() == 0 || asked.get() > before);
            assertThat(asked.get()).isBetween(1, requests / 4);
            long body = 0;
            InputStream in = socket.getInputStream();
            socket.setSoTimeout(20_000);
            byte[] buffer = new byte[1 << 16];
            while (body < (long) requests * large.length()) {
                int read = in.read(buffer);
                assertThat(read).isPositive();
                body += read;
            }
        }
    }

    @Test
    void aNewcomerIsAnsweredAndTheOneThatWasSilentLongestGivesWay() throws IOException {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < 256; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
                socket.setSoTimeout(20_000);
                socket.getOutputStream().write("GET /he".getBytes(StandardCharsets.ISO_8859_1)); // and no more
                open.add(socket);
            }
            open.getFirst()
                    .getOutputStream()
                    .write("llo HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
            assertThat(readUntil(open.getFirst().getInputStream(), "hi\n")).startsWith("HTTP/1.1 200");
            assertThat(exchange(request("GET", "/hello"))).startsWith("HTTP/1.1 200");
            assertThat(open.get(1).getInputStream().read()).isEqualTo(-1);
            for (int each : new int[] {0, 2, 255}) {
                String rest = (each == 0 ? "GET /he" : "") + "llo HTTP/1.1\r\nHost: x\r\n\r\n";
                open.get(each).getOutputStream().write(rest.getBytes(StandardCharsets.ISO_8859_1));
                assertThat(readUntil(open.get(each).getInputStream(), "hi\n")).startsWith("HTTP/1.1 200");
            }
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    @Test
    void whoSendsNoWholeRequestSoonIsClosed() throws IOException {
        try (HttpServer hasty = HttpServer.start(
                        "127.0.0.1",
                        0,
                        Map.of("/hello", new Route(Surface.METRICS, () -> Reply.text(200, "hi\n"))),
                        TestConfig.unprotected(),
                        Duration.ofMillis(50));
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), hasty.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write("GET".getBytes(StandardCharsets.ISO_8859_1));
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void keepsTheConnectionForAnotherRequest() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            for (int i = 0; i < 3; i++) {
                socket.getOutputStream()
                        .write("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
                socket.getOutputStream().flush();
                assertThat(readUntil(socket.getInputStream(), "hi\n")).startsWith("HTTP/1.1 200");
            }
        }
    }

    @Test
    void boundsTheSizeOfARequest() throws IOException {
        assertThat(exchange("GET /" + "x".repeat(5000) + " HTTP/1.1\r\nHost: x\r\n\r\n"))
                .startsWith("HTTP/1.1 400");
        assertThat(exchange("GET /hello HTTP/1.1\r\nX: " + "x".repeat(9000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 400");
        assertThat(exchange("POST /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n"
                        + "x".repeat(5000)))
                .startsWith("HTTP/1.1 413");
    }

    private static String readUntil(InputStream in, String end) throws IOException {
        StringBuilder text = new StringBuilder();
        while (!text.toString().endsWith(end)) {
            int next = in.read();
            if (next < 0) {
                throw new AssertionError("the connection ended after " + text);
            }
            text.append((char) next);
        }
        return text.toString();
    }
}
