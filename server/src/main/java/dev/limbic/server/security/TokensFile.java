package dev.limbic.server.security;

import dev.limbic.server.security.Tokens.Token;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the file of tokens: one per line, {@code NAME SECRET [calls=N] [streams=N] [cost=N]}, where the secret is the
 * token, {@code sha256:} and its digest in hexadecimal, or {@code -} if only a certificate can stand for the name.
 * Empty lines and lines that begin with {@code #} say nothing. Messages name lines, never what stands in them: that may
 * be a secret at a wrong place.
 */
final class TokensFile {
    /** Each call is compared with all of them. */
    private static final int MOST = 1024;

    private static final int SHORTEST_TOKEN = 16;
    private static final String DIGEST = "sha256:";
    private static final String CERTIFICATE_ONLY = "-";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    /** What RFC 6750 allows. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

    private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,8}");

    private TokensFile() {}

    /** @throws IOException saying what is wrong in which line */
    static Tokens parse(byte[] content) throws IOException {
        List<Token> tokens = new ArrayList<>();
        Set<String> names = new HashSet<>();
        int number = 0;
        for (String line : text(content).split("\n", -1)) {
            number++;
            String stripped = line.strip();
            if (stripped.isEmpty() || stripped.startsWith("#")) {
                continue;
            }
            Token token = token(stripped.split("\\s+", -1), number);
            if (!names.add(token.name())) {
                throw wrong(number, "its name stands in an earlier line; give each token a name of its own");
            }
            Secret secret = token.secret();
            if (secret != null && new Tokens(tokens).withSecret(secret) != null) {
                throw wrong(number, "its token stands in an earlier line");
            }
            tokens.add(token);
        }
        if (tokens.isEmpty()) {
            throw new IOException("holds no token; a line is 'NAME TOKEN', then perhaps calls=N streams=N cost=N");
        }
        if (tokens.size() > MOST) {
            throw new IOException("holds %d tokens; at most %d are read".formatted(tokens.size(), MOST));
        }
        return new Tokens(tokens);
    }

    private static String text(byte[] content) throws IOException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IOException("is not UTF-8 text", e);
        }
    }

    private static Token token(String[] words, int line) throws IOException {
        if (words.length < 2) {
            throw wrong(line, "a name and a token are expected, with a space between them");
        }
        if (!NAME.matcher(words[0]).matches()) {
            throw wrong(line, "its name must be 1 to 64 letters, digits, '.', '_' and '-'");
        }
        int calls = Quota.NONE;
        int streams = Quota.NONE;
        int cost = Quota.NONE;
        Set<String> seen = new HashSet<>();
        for (int i = 2; i < words.length; i++) {
            String[] pair = words[i].split("=", 2);
            if (pair.length != 2 || !NUMBER.matcher(pair[1]).matches() || !seen.add(pair[0])) {
                throw wrong(
                        line, "after the token stand calls=N, streams=N and cost=N, each once, N from 1 to 999999999");
            }
            int value = Integer.parseInt(pair[1]);
            switch (pair[0]) {
                case "calls" -> calls = value;
                case "streams" -> streams = value;
                case "cost" -> cost = value;
                default -> throw wrong(line, "a quota is calls=N, streams=N or cost=N");
            }
        }
        return new Token(words[0], secret(words[1], line), new Quota(calls, streams, cost));
    }

    private static @Nullable Secret secret(String word, int line) throws IOException {
        if (word.equals(CERTIFICATE_ONLY)) {
            return null;
        }
        if (word.startsWith(DIGEST)) {
            String hex = word.substring(DIGEST.length()).toLowerCase(Locale.ROOT);
            try {
                if (hex.length() == Secret.HEX_DIGITS) {
                    return Secret.ofDigest(hex);
                }
            } catch (IllegalArgumentException e) {
                // said below
            }
            throw wrong(line, "after 'sha256:' stand the 64 hexadecimal digits that sha256sum prints for the token");
        }
        if (word.length() < SHORTEST_TOKEN || !TOKEN.matcher(word).matches()) {
            throw wrong(
                    line,
                    "its token must be at least %d letters, digits or any of ._~+/- ; 'openssl rand -hex 32' makes one"
                            .formatted(SHORTEST_TOKEN));
        }
        return Secret.ofToken(word);
    }

    private static IOException wrong(int line, String what) {
        return new IOException("line " + line + ": " + what);
    }
}
