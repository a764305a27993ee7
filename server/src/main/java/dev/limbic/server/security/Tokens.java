package dev.limbic.server.security;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tokens that are valid now. */
record Tokens(List<Token> all) {
    /**
     * One line of the file.
     *
     * @param secret null if only a certificate can stand for the name
     */
    record Token(String name, @Nullable Secret secret, Quota quota) {
        /** Whether whoever was let in by this one would be let in by the other. */
        boolean isSameKeyAs(Token other) {
            return name.equals(other.name)
                    && (secret == null ? other.secret == null : other.secret != null && secret.matches(other.secret));
        }
    }

    Tokens {
        all = List.copyOf(all);
    }

    /** The one with a secret; all are compared, whichever it is, so that time does not tell. */
    @Nullable
    Token withSecret(Secret presented) {
        Token found = null;
        for (Token token : all) {
            Secret secret = token.secret();
            if (secret != null && secret.matches(presented)) {
                found = token;
            }
        }
        return found;
    }

    @Nullable
    Token named(String name) {
        for (Token token : all) {
            if (token.name().equals(name)) {
                return token;
            }
        }
        return null;
    }

    boolean holds(Token token) {
        return all.stream().anyMatch(token::isSameKeyAs);
    }
}
