package dev.limbic.server.http;

/**
 * What a route answers.
 *
 * @param status HTTP status code
 */
public record Reply(int status, String contentType, String body) {
    /** Plain text. */
    public static Reply text(int status, String body) {
        return new Reply(status, "text/plain; charset=utf-8", body);
    }
}
