package dev.limbic.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.TestConfig;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.Security;
import dev.limbic.server.runtime.Host;
import dev.limbic.server.runtime.LimbicServer;
import dev.limbic.server.security.Certificates;
import dev.limbic.server.security.Certificates.Pair;
import dev.limbic.server.telemetry.Logs;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.EmotionServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A whole server with certificates and tokens, clients of it, and what it logs. */
abstract class SecuredServer {
    static final String ALICE = "alices-long-token";
    static final Pair SERVER = Certificates.pair("server");

    @TempDir
    Path folder;

    final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final List<ManagedChannel> channels = new ArrayList<>();
    private @Nullable LimbicServer server;

    @BeforeEach
    void listenToTheLog() {
        Logs.configure(false, "INFO"); // as a server does
        log.start();
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).addAppender(log);
    }

    @AfterEach
    void stop() {
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).detachAppender(log);
        channels.forEach(ManagedChannel::shutdownNow);
        if (server != null) {
            server.close();
        }
    }

    static Security.Tls tls(Pair pair, @Nullable Path clients, boolean must) {
        return new Security.Tls(pair.certificate(), pair.key(), clients, must);
    }

    LimbicServer start(@Nullable Path tokens, Security.@Nullable Tls tls, Security.Open open) throws IOException {
        Security security = new Security(tokens, tls, open, false, Duration.ofMillis(10));
        ServerConfig config = TestConfig.secured(TestConfig.of("fake"), security);
        LimbicServer started = LimbicServer.start(config, List.of(Host.of(List.of(new FakeTextModel("fake").typed()))));
        server = started;
        return started;
    }

    static Security.Open open(boolean all) {
        return new Security.Open(all, all, all);
    }

    Path tokens() throws IOException {
        return Certificates.write(folder.resolve("tokens"), "alice " + ALICE + " calls=1000\n");
    }

    ManagedChannel plaintext() {
        return kept(NettyChannelBuilder.forAddress("localhost", port()).usePlaintext());
    }

    /** @param client shown to the server; null for none */
    ManagedChannel encrypted(Path authority, @Nullable Pair client) throws IOException {
        TlsChannelCredentials.Builder credentials =
                TlsChannelCredentials.newBuilder().trustManager(authority.toFile());
        if (client != null) {
            credentials.keyManager(client.certificate().toFile(), client.key().toFile());
        }
        return kept(NettyChannelBuilder.forAddress("localhost", port(), credentials.build()));
    }

    int port() {
        return java.util.Objects.requireNonNull(server).grpcPort();
    }

    ManagedChannel kept(NettyChannelBuilder builder) {
        ManagedChannel channel = builder.build();
        channels.add(channel);
        return channel;
    }

    /** Status of one call; OK if it is answered. */
    static Status analyze(ManagedChannel channel, String... token) {
        Metadata headers = new Metadata();
        for (String each : token) {
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + each);
        }
        try {
            EmotionServiceGrpc.newBlockingStub(channel)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .analyze(AnalyzeRequest.newBuilder()
                            .setText("xyzzysecret ".repeat(14))
                            .build());
            return Status.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus();
        }
    }

    static String causes(Status status) {
        StringBuilder text = new StringBuilder(String.valueOf(status.getDescription()));
        for (Throwable each = status.getCause(); each != null; each = each.getCause()) {
            text.append(' ').append(each);
        }
        return text.toString();
    }

    static SSLContext trusting(Path authority) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream in = Files.newInputStream(authority)) {
            store.setCertificateEntry(
                    "authority",
                    java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    HttpResponse<String> get(String scheme, String path, String... headers) throws Exception {
        int port = java.util.Objects.requireNonNull(server).httpPort();
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(scheme + "://localhost:" + port + path));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try (HttpClient client =
                HttpClient.newBuilder().sslContext(trusting(SERVER.authority())).build()) {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    List<String> logged(String message) {
        return List.copyOf(log.list).stream()
                .filter(event -> event.getFormattedMessage().equals(message))
                .map(event -> String.valueOf(event.getKeyValuePairs()))
                .toList();
    }

    void nothingWasSaidOfContent() {
        for (ILoggingEvent event : List.copyOf(log.list)) {
            assertThat(event.getThrowableProxy())
                    .as(event.getFormattedMessage())
                    .isNull();
            assertThat(event.getFormattedMessage() + event.getKeyValuePairs())
                    .doesNotContain(ALICE)
                    .doesNotContain("xyzzysecret");
        }
    }
}
