package dev.limbic.generate;

/**
 * Receives one text as it is generated: tokens in order, then {@link #finished} once. Called by
 * the scheduler's tellers, for all texts one after the other, while the device goes on; must be quick and must not block.
 * A listener that throws ends its own text as failed, and no other.
 */
public interface TokenListener {
    /** The next token. */
    void token(GeneratedToken token);

    /** The end; the text's cache blocks are free already. */
    void finished(Finish finish);
}
