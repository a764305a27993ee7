package dev.limbic.server.security;

import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a call shows of who makes it.
 *
 * @param method such as {@code limbic.v1.EmotionService/Analyze}, or a path
 * @param kind how it goes on
 * @param peer address it comes from
 * @param authorization all values of its {@code authorization} header
 * @param certificate that the client showed; null if none
 */
public record Attempt(
        Surface surface,
        String method,
        Kind kind,
        String peer,
        List<String> authorization,
        @Nullable X509Certificate certificate) {
    /** How a call goes on. */
    public enum Kind {
        /** One request, one answer. */
        UNARY,
        /** One request, many answers. */
        ANSWERS,
        /** Many requests, each counted by {@link Caller#request}. */
        STREAM
    }

    @Override
    public String toString() {
        return method + " from " + peer; // not the header
    }
}
