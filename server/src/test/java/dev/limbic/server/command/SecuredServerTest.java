package dev.limbic.server.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.server.config.ServerConfig.Security;
import dev.limbic.server.security.Certificates;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The whole server with tokens, over gRPC and HTTP. */
class SecuredServerTest extends SecuredServer {
    @Test
    void callsAndRequestsAreEncryptedAndNeedAToken() throws Exception {
        start(tokens(), tls(SERVER, null, false), open(false));
        ManagedChannel channel = encrypted(SERVER.authority(), null);
        assertThat(analyze(channel, ALICE)).isEqualTo(Status.OK);
        assertThat(analyze(channel).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThatThrownBy(() -> HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance()))
                .hasMessageStartingWith("UNAUTHENTICATED");
        HttpResponse<String> refused = get("https", "/healthz");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.headers().firstValue("www-authenticate")).hasValue("Bearer realm=\"limbic\"");
        assertThat(get("https", "/metrics", "authorization", "Bearer wrong").statusCode())
                .isEqualTo(401);
        assertThat(get("https", "/nothing").statusCode()).isEqualTo(404);
        assertThat(get("https", "/healthz", "authorization", "Bearer " + ALICE).body())
                .isEqualTo("SERVING\n");
        HttpResponse<String> metrics = get("https", "/metrics", "Authorization", "bearer " + ALICE);
        assertThat(metrics.statusCode()).isEqualTo(200);
        assertThat(metrics.body())
                .contains("limbic_client_requests_total{client=\"alice\"} 3.0")
                .contains("limbic_client_cost_total{client=\"alice\"} 16.0")
                .contains("limbic_refused_total{client=\"\",reason=\"no_token\"} 3.0")
                .contains("limbic_refused_total{client=\"\",reason=\"unknown_token\"} 1.0")
                .contains("limbic_tls_certificate_expiry_timestamp_seconds ")
                .doesNotContain(ALICE);
        assertThat(logged("call refused"))
                .hasSize(4)
                .anySatisfy(line -> assertThat(line)
                        .contains("client=\"\"")
                        .contains("peer=\"127.0.0.1:")
                        .contains("method=\"limbic.v1.EmotionService/Analyze\"")
                        .contains("status=\"UNAUTHENTICATED\"")
                        .contains("reason=\"no_token\""));
        nothingWasSaidOfContent();
    }

    @Test
    void whatIsLeftOpenNeedsNoToken() throws Exception {
        start(tokens(), null, open(true));
        ManagedChannel channel = plaintext();
        HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
        assertThat(get("http", "/healthz").statusCode()).isEqualTo(200);
        assertThat(get("http", "/metrics").statusCode()).isEqualTo(200);
        assertThat(analyze(channel).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    }

    @Test
    void aQuotaThatIsUsedUpIsToldOverHttpToo() throws Exception {
        start(Certificates.write(folder.resolve("few"), "alice " + ALICE + " cost=1\n"), null, open(false));
        assertThat(analyze(plaintext(), ALICE)).isEqualTo(Status.OK); // 16 tokens: in debt for 15 seconds
        HttpResponse<String> refused = get("http", "/metrics", "authorization", "Bearer " + ALICE);
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("retry-after"))
                .hasValueSatisfying(
                        seconds -> assertThat(Integer.parseInt(seconds)).isBetween(1, 16));
        assertThat(refused.body()).isEqualTo("client 'alice' may have 1 tokens of text per second\n");
    }

    @Test
    void aFloodOfRefusalsDoesNotFloodTheLog() throws Exception {
        start(tokens(), null, new Security.Open(false, false, true));
        ManagedChannel channel = plaintext();
        int calls = 400;
        long began = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            assertThat(analyze(channel).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        }
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
        assertThat(logged("call refused")).hasSizeBetween(1, (int) Math.min(calls, 10 * (seconds + 2)));
        assertThat(get("http", "/metrics").body())
                .contains("limbic_refused_total{client=\"\",reason=\"no_token\"} 400.0");
    }
}
