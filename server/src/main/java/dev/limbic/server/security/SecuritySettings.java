package dev.limbic.server.security;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How callers are told apart.
 *
 * @param hosts addresses that are listened on, by the key that says so
 * @param allowInsecure whether other machines may be listened to without encryption or without knowing who calls
 * @param tls null for plaintext
 * @param tokens file of tokens; null if none are asked for
 * @param open what is open to everybody
 * @param reloadInterval how often the files are looked at
 */
public record SecuritySettings(
        Map<String, String> hosts,
        boolean allowInsecure,
        @Nullable Tls tls,
        @Nullable Path tokens,
        Set<Surface> open,
        Duration reloadInterval) {
    /**
     * Certificates.
     *
     * @param clientAuthorities who vouches for clients' certificates; null if they are not asked for any
     * @param clientsMust whether every call needs a client's certificate
     */
    public record Tls(Path certificate, Path key, @Nullable Path clientAuthorities, boolean clientsMust) {}

    /** Whether it is known who calls. */
    boolean authenticates() {
        return tokens != null || (tls != null && tls.clientsMust());
    }
}
