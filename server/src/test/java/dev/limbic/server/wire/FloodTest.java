package dev.limbic.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeStreamResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames that cost the server something and the client nothing. */
class FloodTest {
    private static final int MANY = 20_000;
    private static final String STREAM = "limbic.v1.EmotionService/AnalyzeStream";

    private WireFixture fixture;
    private RawHttp2 client;

    @BeforeEach
    void start() throws IOException {
        fixture = new WireFixture();
        client = new RawHttp2(fixture.server.port());
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        fixture.close();
    }

    /** The server may close while we still send. */
    private void flood(int type, int stream, byte[] payload) throws IOException {
        try {
            for (int i = 0; i < MANY; i++) {
                client.send(type, 0, stream, payload);
            }
        } catch (SocketException closed) {
            // As it should.
        }
    }

    private void assertCut() throws IOException {
        RawHttp2.Frame end = client.end();
        assertThat(end.type()).as("kind of frame that answers the flood").isEqualTo(RawHttp2.GOAWAY);
        assertThat(end.errorCode()).isEqualTo(RawHttp2.ENHANCE_YOUR_CALM);
        assertThat(fixture.blocking().analyze(AnalyzeTest.text("a bystander")).hasAnalysis())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4})
    void framesWithoutDataEndTheConnection(int bytes) throws IOException {
        client.call(1, STREAM);
        flood(RawHttp2.DATA, 1, new byte[bytes]);
        assertCut();
    }

    @Test
    void prioritiesSettingsAndUnknownFramesEndTheConnection() throws IOException {
        flood(RawHttp2.PRIORITY, 1, new byte[] {0, 0, 0, 0, 1});
        assertCut();
        client.close();
        client = new RawHttp2(fixture.server.port());
        flood(RawHttp2.SETTINGS, 0, new byte[0]);
        assertCut();
        client.close();
        client = new RawHttp2(fixture.server.port());
        flood(0x77, 0, new byte[0]);
        assertCut();
    }

    @Test
    void connectionsBeyondTheBoundAreClosedAndTheirPlacesComeBack() throws Exception {
        assertThat(fixture.blocking().analyze(AnalyzeTest.text("mine")).hasAnalysis())
                .isTrue();
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * WireFixture.CONNECTIONS; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), fixture.server.port());
                socket.setSoTimeout(5000);
                idle.add(socket);
            }
            int open = 0;
            for (Socket socket : idle) {
                open += isClosed(socket) ? 0 : 1;
            }
            assertThat(open).as("beside this test's two own").isEqualTo(WireFixture.CONNECTIONS - 2);
            assertThat(fixture.blocking()
                            .analyze(AnalyzeTest.text("still here"))
                            .hasAnalysis())
                    .isTrue();
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
        try (Socket later = acceptedSoon()) {
            assertThat(later.isConnected()).isTrue();
        }
    }

    /** A server says first what it takes: settings. */
    private static boolean isClosed(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException reset) {
            return true;
        }
    }

    private Socket acceptedSoon() throws Exception {
        for (int i = 0; i < 200; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), fixture.server.port());
            socket.setSoTimeout(5000);
            if (!isClosed(socket)) {
                return socket;
            }
            socket.close();
            Thread.sleep(10);
        }
        throw new AssertionError("no place came back");
    }

    @Test
    void resetsEndTheConnection() throws IOException {
        try {
            for (int stream = 1; stream < 2 * MANY; stream += 2) {
                client.call(stream, STREAM);
                client.send(RawHttp2.RST_STREAM, 0, stream, new byte[] {0, 0, 0, 8});
            }
        } catch (SocketException closed) {
            // As it should.
        }
        assertCut();
    }

    @Test
    void aMessageInPiecesWithNothingBetweenThemIsRead() throws IOException {
        client.call(1, STREAM);
        byte[] request = RawHttp2.message(AnalyzeRequest.newBuilder()
                .setRequestId("r")
                .setText("hello")
                .build()
                .toByteArray());
        for (byte each : request) {
            client.send(RawHttp2.DATA, 0, 1, new byte[] {each});
            client.send(RawHttp2.DATA, 0, 1, new byte[0]);
            client.flush();
        }
        RawHttp2.Frame answer = client.next(RawHttp2.DATA, RawHttp2.GOAWAY);
        byte[] message = Arrays.copyOfRange(answer.payload(), 5, answer.payload().length);
        assertThat(AnalyzeStreamResponse.parseFrom(message).getRequestId()).isEqualTo("r");
        client.send(RawHttp2.DATA, RawHttp2.END_STREAM, 1, new byte[0]);
        client.flush();
        RawHttp2.Frame trailers = client.next(RawHttp2.HEADERS, RawHttp2.GOAWAY);
        assertThat(trailers.flags() & RawHttp2.END_STREAM).isEqualTo(RawHttp2.END_STREAM);
    }
}
