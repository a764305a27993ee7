package dev.limbic.server.pipeline;

import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;

/**
 * Receives a reply as it is written: tokens in order, then {@link #finished} once, whatever happens. Called from the
 * thread that tells what a device computed, or from a worker; must be quick and must not block.
 */
public interface ReplyListener {
    /** The next token. */
    void token(GeneratedToken token);

    /**
     * The end.
     *
     * @param firstTokenNanos time from the request to the first token, 0 if there was none
     * @param totalNanos time from the request to the end
     */
    void finished(Finish finish, long firstTokenNanos, long totalNanos);
}
