package dev.limbic.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a server may listen, and that its files are watched. */
class ProtectionTest {
    @TempDir
    private Path folder;

    private final Heard heard = new Heard();

    private Path tokens() throws IOException {
        return Certificates.write(folder.resolve("tokens"), "alice alices-long-token\n");
    }

    private static SecuritySettings.Tls tls(boolean clientsMust) {
        Certificates.Pair server = Certificates.pair("server");
        return new SecuritySettings.Tls(
                server.certificate(), server.key(), clientsMust ? server.authority() : null, clientsMust);
    }

    private Protection open(
            String host, boolean allowInsecure, SecuritySettings.@Nullable Tls tls, @Nullable Path tokens)
            throws IOException {
        return Protection.open(
                new SecuritySettings(
                        Map.of("grpc.host", host), allowInsecure, tls, tokens, Set.of(), Duration.ofMillis(10)),
                heard,
                System::nanoTime);
    }

    @Test
    void otherMachinesAreOnlyListenedToWithCertificatesAndTokens() throws IOException {
        for (String here : new String[] {"127.0.0.1", "localhost", "::1", "127.9.9.9"}) {
            open(here, false, null, null).close();
        }
        for (String everywhere : new String[] {"0.0.0.0", "::", "192.0.2.1"}) {
            assertThatThrownBy(() -> open(everywhere, false, null, null))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("grpc.host: other machines reach " + everywhere)
                    .hasMessageContaining("security.tls.certificate and security.tokens are not set")
                    .hasMessageContaining("listen on 127.0.0.1")
                    .hasMessageContaining("security.allow-insecure: true");
            assertThatThrownBy(() -> open(everywhere, false, tls(false), null))
                    .hasMessageContaining("security.tokens is not set");
            Path tokens = tokens();
            assertThatThrownBy(() -> open(everywhere, false, null, tokens))
                    .hasMessageContaining("security.tls.certificate is not set");
            open(everywhere, true, null, null).close();
            open(everywhere, false, tls(false), tokens).close();
            open(everywhere, false, tls(true), null).close();
        }
    }

    @Test
    void filesThatCannotBeUsedAreToldWithTheirKey() {
        Path none = folder.resolve("none");
        assertThatThrownBy(() -> open("127.0.0.1", false, null, none))
                .hasMessage("security.tokens: " + none + ": there is no such file");
        assertThatThrownBy(() -> open("127.0.0.1", false, null, Certificates.write(none, "alice\n")))
                .hasMessageStartingWith("security.tokens: " + none + ": line 1: ");
    }

    @Test
    void filesAreWatched() throws Exception {
        Path tokens = tokens();
        try (Protection protection = open("127.0.0.1", false, null, tokens)) {
            Certificates.write(tokens, "alice too-short\n");
            awaitFiles(1);
            Certificates.write(tokens, "bob a-token-for-bob-alone\n");
            awaitFiles(2);
            Files.delete(tokens);
            awaitFiles(3);
            assertThat(protection.tls()).isEmpty();
        }
        assertThat(heard.files.get(0))
                .startsWith("tokens failed: security.tokens: " + tokens + ": line 1: its token must be at least 16")
                .doesNotContain("too-short");
        assertThat(heard.files.get(1)).isEqualTo("tokens reloaded");
        assertThat(heard.files.get(2)).contains("there is no such file");
    }

    private void awaitFiles(int count) throws InterruptedException {
        while (heard.files.size() < count) {
            Thread.sleep(5);
        }
    }
}
