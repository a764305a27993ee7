package dev.limbic.server.security;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where certificates and keys lie, in PEM.
 *
 * @param clientAuthorities who vouches for clients; null if they are not asked
 */
record TlsFiles(
        SourceFile certificate, SourceFile key, @Nullable SourceFile clientAuthorities) {
    static TlsFiles of(SecuritySettings.Tls tls) {
        Path clients = tls.clientAuthorities();
        return new TlsFiles(
                new SourceFile("security.tls.certificate", tls.certificate(), false),
                new SourceFile("security.tls.key", tls.key(), true),
                clients == null ? null : new SourceFile("security.tls.client-ca", clients, false));
    }

    List<SourceFile> all() {
        List<SourceFile> files = new ArrayList<>(List.of(certificate, key));
        if (clientAuthorities != null) {
            files.add(clientAuthorities);
        }
        return files;
    }
}
