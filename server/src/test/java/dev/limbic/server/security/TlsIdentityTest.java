package dev.limbic.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates and keys in every form that people have, and what is told about the others. */
class TlsIdentityTest {
    @TempDir
    private Path folder;

    private static TlsIdentity load(Path certificate, Path key, @Nullable Path clients) throws IOException {
        TlsFiles files = TlsFiles.of(new SecuritySettings.Tls(certificate, key, clients, true));
        return new Reloaded<>(files.all(), contents -> TlsIdentity.load(files, true, contents)).get();
    }

    private Path file(String content) throws IOException {
        return Certificates.write(folder.resolve("file.pem"), content);
    }

    @Test
    void aChainAndItsKeyAreRead() throws IOException {
        Certificates.Pair server = Certificates.pair("server");
        TlsIdentity alone = load(server.certificate(), server.key(), null);
        assertThat(alone.chain()).hasSize(1);
        assertThat(alone.clientAuthorities()).isNull();
        assertThat(alone.clientsMust()).isFalse();
        Path chain = file("who reads this?\n" + Files.readString(server.certificate()) + "\n\n"
                + Files.readString(server.authority()));
        TlsIdentity whole = load(chain, server.key(), server.authority());
        assertThat(whole.chain()).hasSize(2);
        assertThat(whole.clientAuthorities()).isNotNull();
        assertThat(whole.clientsMust()).isTrue();
    }

    @Test
    void olderFormsOfKeysAreRead() throws Exception {
        for (List<String> each :
                List.of(List.of("server", "EC PRIVATE KEY"), List.of("rsa-server", "RSA PRIVATE KEY"))) {
            byte[] pkcs8 = Certificates.key(each.getFirst()).getEncoded();
            // The octet string of PKCS#8 comes after the algorithm, which begins as in the public key, and is the older
            // form.
            byte[] algorithm = algorithm(
                    Certificates.certificate(each.getFirst()).getPublicKey().getEncoded());
            int at = indexOf(pkcs8, algorithm) + algorithm.length;
            assertThat(pkcs8[at]).isEqualTo((byte) 4);
            int header = pkcs8[at + 1] < 0 ? 2 + (pkcs8[at + 1] & 0x7f) : 2;
            byte[] older = Arrays.copyOfRange(pkcs8, at + header, pkcs8.length);
            Path key = file(Certificates.pem(each.getLast(), older));
            assertThat(load(Certificates.pair(each.getFirst()).certificate(), key, null)
                            .chain())
                    .hasSize(1);
        }
    }

    private static byte[] algorithm(byte[] publicKey) {
        int start = publicKey[1] < 0 ? 2 + (publicKey[1] & 0x7f) : 2;
        return Arrays.copyOfRange(publicKey, start, start + 2 + publicKey[start + 1]);
    }

    private static int indexOf(byte[] all, byte[] part) {
        for (int i = 0; i <= all.length - part.length; i++) {
            if (Arrays.equals(all, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        throw new AssertionError("not found");
    }

    @Test
    void whatIsWrongIsToldWithItsFile() throws IOException {
        Certificates.Pair server = Certificates.pair("server");
        Certificates.Pair expired = Certificates.pair("expired");
        assertThatThrownBy(() -> load(expired.certificate(), expired.key(), null))
                .hasMessageStartingWith("security.tls.certificate: " + expired.certificate() + ": expired at");
        assertThatThrownBy(() -> load(
                        server.certificate(), Certificates.pair("other-server").key(), null))
                .hasMessageContaining("security.tls.key: ")
                .hasMessageContaining("is not the key of the certificate in " + server.certificate());
        assertThatThrownBy(() -> load(
                        server.certificate(), Certificates.pair("rsa-server").key(), null))
                .hasMessageContaining("holds no EC key");
        assertThatThrownBy(() -> load(server.key(), server.key(), null)).hasMessageContaining("holds no certificate");
        assertThatThrownBy(() -> load(server.certificate(), file(""), null))
                .hasMessageContaining("holds 0 private keys");
        assertThatThrownBy(() -> load(
                        server.certificate(),
                        file(Files.readString(server.key()) + Files.readString(server.key())),
                        null))
                .hasMessageContaining("holds 2 private keys");
        assertThatThrownBy(() -> load(
                        server.certificate(),
                        file(Files.readString(server.key()).replace("PRIVATE", "ENCRYPTED PRIVATE")),
                        null))
                .hasMessageContaining("needs a password");
        assertThatThrownBy(() -> load(server.certificate(), server.key(), file("nothing")))
                .hasMessageStartingWith("security.tls.client-ca: ");
        String junk = "-----BEGIN %1$s-----\nAAAA\n-----END %1$s-----\n";
        assertThatThrownBy(() -> load(file(junk.formatted("CERTIFICATE")), server.key(), null))
                .hasMessageContaining("a certificate that cannot be read");
        for (String type : List.of("PRIVATE KEY", "EC PRIVATE KEY")) {
            assertThatThrownBy(() -> load(server.certificate(), file(junk.formatted(type)), null))
                    .hasMessageContaining("or a broken one");
        }
    }
}
