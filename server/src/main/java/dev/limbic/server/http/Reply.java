package dev.limbic.server.http;

import java.util.Map;

/**
 * What a route answers.
 *
 * @param status HTTP status code
 * @param headers more of them
 */
public record Reply(int status, String contentType, String body, Map<String, String> headers) {
    static final String TEXT = "text/plain; charset=utf-8";

    /** Without more headers. */
    public Reply(int status, String contentType, String body) {
        this(status, contentType, body, Map.of());
    }

    /** Plain text. */
    public static Reply text(int status, String body) {
        return new Reply(status, TEXT, body);
    }
}
