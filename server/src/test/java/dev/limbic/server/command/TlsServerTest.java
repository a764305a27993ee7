package dev.limbic.server.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import dev.limbic.server.TestConfig;
import dev.limbic.server.config.ServerConfig.Security;
import dev.limbic.server.runtime.LimbicServer;
import dev.limbic.server.security.Certificates;
import dev.limbic.server.security.Certificates.Pair;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;

/** The whole server with certificates, over gRPC and HTTP. */
class TlsServerTest extends SecuredServer {
    @Test
    void onlyCertificatesThatTheClientTrustsAndOnlyEncryptionWillDo() throws Exception {
        start(tokens(), tls(SERVER, null, false), open(false));
        Status stranger = analyze(encrypted(Certificates.pair("impostor").authority(), null), ALICE);
        assertThat(stranger.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(causes(stranger)).contains("certif");
        Status unencrypted = analyze(plaintext(), ALICE);
        assertThat(unencrypted.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        HttpResponse<String> refused = get("http", "/healthz");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).isEqualTo("this port speaks HTTPS\n");
        assertThat(log.list.stream().filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN)))
                .isEmpty();
        assertThat(analyze(encrypted(SERVER.authority(), null), ALICE)).isEqualTo(Status.OK);
    }

    @Test
    void encryptionWhereThereIsNoneIsRefusedClearly() throws Exception {
        start(null, null, open(false));
        Status refused = analyze(encrypted(SERVER.authority(), null));
        assertThat(refused.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(causes(refused)).containsIgnoringCase("ssl");
        assertThatThrownBy(() -> get("https", "/healthz")).isInstanceOf(IOException.class);
        assertThat(log.list.stream().filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN)))
                .isEmpty();
        assertThat(analyze(plaintext())).isEqualTo(Status.OK);
    }

    @Test
    void oldVersionsOfTlsAreRefused() throws Exception {
        LimbicServer started = start(null, tls(SERVER, null, false), open(false));
        for (int port : new int[] {started.grpcPort(), started.httpPort()}) {
            for (String version : List.of("TLSv1.2", "TLSv1.3")) {
                assertThat(handshake(port, version)).isEqualTo(version);
            }
        }
        // The JDK would not even say TLSv1.1, so that it is said by hand: a ClientHello with that version alone.
        byte[] hello = new byte[] {
            22,
            3,
            1,
            0,
            47,
            1,
            0,
            0,
            43,
            3,
            2,
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            12,
            13,
            14,
            15,
            16,
            17,
            18,
            19,
            20,
            21,
            22,
            23,
            24,
            25,
            26,
            27,
            28,
            29,
            30,
            31,
            32,
            0,
            0,
            4,
            (byte) 0xc0,
            0x09,
            (byte) 0xc0,
            0x0a,
            1,
            0
        };
        for (int port : new int[] {started.grpcPort(), started.httpPort()}) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout(20_000);
                socket.getOutputStream().write(hello);
                byte[] answer = socket.getInputStream().readAllBytes();
                assertThat(answer).startsWith(21); // an alert, and the end
                assertThat(answer[6]).as("protocol_version").isEqualTo((byte) 70);
            }
        }
    }

    @Test
    void whoNeverShakesHandsIsSentAway() throws Exception {
        LimbicServer started = start(null, tls(SERVER, null, false), open(false));
        try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), started.grpcPort());
                Socket begun = new Socket(InetAddress.getLoopbackAddress(), started.httpPort())) {
            begun.getOutputStream().write(new byte[] {22, 3, 1, 0, 47});
            for (Socket socket : List.of(silent, begun)) {
                socket.setSoTimeout(60_000);
                assertThat(socket.getInputStream().readAllBytes()).hasSizeLessThan(8);
            }
        }
    }

    @Test
    void clientsShowCertificatesWhereTheyMust() throws Exception {
        start(null, tls(SERVER, SERVER.authority(), true), open(false));
        assertThat(analyze(encrypted(SERVER.authority(), Certificates.pair("alice"))))
                .isEqualTo(Status.OK);
        assertThat(analyze(encrypted(SERVER.authority(), null)).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(analyze(encrypted(SERVER.authority(), Certificates.pair("impostor")))
                        .getCode())
                .isEqualTo(Status.Code.UNAVAILABLE);
        assertThatThrownBy(() -> get("https", "/healthz")).isInstanceOf(IOException.class);
        nothingWasSaidOfContent();
    }

    @Test
    void healthIsOpenToThoseWithoutACertificateOnRequest() throws Exception {
        start(null, tls(SERVER, SERVER.authority(), true), new Security.Open(true, false, false));
        ManagedChannel bare = encrypted(SERVER.authority(), null);
        HealthGrpc.newBlockingStub(bare).check(HealthCheckRequest.getDefaultInstance());
        assertThat(get("https", "/healthz").statusCode()).isEqualTo(200);
        Status refused = analyze(bare);
        assertThat(refused.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(refused.getDescription()).isEqualTo("a client certificate is needed");
        assertThat(get("https", "/metrics").statusCode()).isEqualTo(401);
        assertThat(analyze(encrypted(SERVER.authority(), Certificates.pair("alice"))))
                .isEqualTo(Status.OK);
    }

    @Test
    void aCertificateStandsForTheTokenOfItsNameOrForNobody() throws Exception {
        start(tokens(), tls(SERVER, SERVER.authority(), false), open(false));
        assertThat(analyze(encrypted(SERVER.authority(), Certificates.pair("alice"))))
                .isEqualTo(Status.OK);
        Status stranger = analyze(encrypted(SERVER.authority(), Certificates.pair("stranger")));
        assertThat(stranger.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(analyze(encrypted(SERVER.authority(), Certificates.pair("stranger")), ALICE))
                .isEqualTo(Status.OK);
        assertThat(analyze(encrypted(SERVER.authority(), null), ALICE)).isEqualTo(Status.OK);
        assertThat(logged("call refused"))
                .singleElement()
                .asString()
                .contains("status=\"PERMISSION_DENIED\"")
                .contains("reason=\"unknown_certificate\"");
    }

    @Test
    void newCertificatesAreShownToNewConnectionsAndBrokenOnesToNobody() throws Exception {
        Path certificate = Files.copy(SERVER.certificate(), folder.resolve("server.pem"));
        Path key = Files.copy(SERVER.key(), folder.resolve("server.key"), StandardCopyOption.COPY_ATTRIBUTES);
        LimbicServer started = start(null, tls(new Pair(certificate, key, key), null, false), open(false));
        ManagedChannel old = encrypted(SERVER.authority(), null);
        assertThat(analyze(old)).isEqualTo(Status.OK);
        for (int port : new int[] {started.grpcPort(), started.httpPort()}) {
            assertThat(shown(port)).isEqualTo(Certificates.certificate("server"));
        }

        Pair other = Certificates.pair("other-server");
        Files.copy(other.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
        awaitLogged("files changed and cannot be used; those before stay in use");
        Thread.sleep(100); // ten more looks
        assertThat(logged("files changed and cannot be used; those before stay in use"))
                .singleElement()
                .asString()
                .contains("security.tls.key")
                .contains("is not the key of the certificate");
        assertThat(shown(started.grpcPort())).isEqualTo(Certificates.certificate("server"));

        Certificates.write(key, Files.readString(other.key()));
        awaitLogged("files changed and are in use");
        for (int port : new int[] {started.grpcPort(), started.httpPort()}) {
            assertThat(shown(port)).isEqualTo(Certificates.certificate("other-server"));
        }
        assertThat(analyze(old)).as("connections live on").isEqualTo(Status.OK);
    }

    @Test
    void theAnnouncementSaysHowMetricsAreReached() throws IOException {
        LimbicServer started = start(null, tls(SERVER, null, false), open(false));
        Security security = new Security(null, tls(SERVER, null, false), open(false), false, Duration.ofSeconds(5));
        assertThat(ServeCommand.announcement(TestConfig.secured(TestConfig.of("fake"), security), started))
                .contains("  https://127.0.0.1:" + started.httpPort() + "/metrics");
        assertThat(ServeCommand.announcement(TestConfig.of("fake"), started)).contains("  http://127.0.0.1:");
    }

    @Test
    void anExpiredCertificateIsRefusedAtTheStart() {
        IOException thrown = catchThrowableOfType(
                IOException.class, () -> start(null, tls(Certificates.pair("expired"), null, false), open(false)));
        assertThat(thrown).hasMessageStartingWith("security.tls.certificate: ").hasMessageContaining("expired at");
    }

    private static String handshake(int port, String version) throws GeneralSecurityException, IOException {
        try (SSLSocket socket = (SSLSocket)
                trusting(SERVER.authority()).getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            socket.setEnabledProtocols(new String[] {version});
            var parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return socket.getSession().getProtocol();
        }
    }

    private void awaitLogged(String message) throws InterruptedException {
        while (logged(message).isEmpty()) {
            Thread.sleep(5);
        }
    }

    private static X509Certificate shown(int port) throws GeneralSecurityException, IOException {
        try (SSLSocket socket = (SSLSocket)
                trusting(SERVER.authority()).getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }
}
