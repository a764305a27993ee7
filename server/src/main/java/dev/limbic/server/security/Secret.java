package dev.limbic.server.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 of a token. Tokens are compared by it in constant time, so that time tells neither how long a token is
 * nor how many of its characters were right; the token itself is not kept.
 */
final class Secret {
    static final int HEX_DIGITS = 64;

    private final byte[] digest;

    private Secret(byte[] digest) {
        this.digest = digest;
    }

    static Secret ofToken(String token) {
        try {
            return new Secret(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JVM has it
        }
    }

    /** @throws IllegalArgumentException if it is not hexadecimal */
    static Secret ofDigest(String hex) {
        return new Secret(HexFormat.of().parseHex(hex));
    }

    boolean matches(Secret other) {
        return MessageDigest.isEqual(digest, other.digest);
    }

    @Override
    public String toString() {
        return "(secret)";
    }
}
