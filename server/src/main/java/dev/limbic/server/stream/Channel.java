package dev.limbic.server.stream;

/** What comes back on a stream, and is served here. Messages of one channel keep their order, and all come. */
public enum Channel {
    /** How utterances were read. */
    ANALYSIS,

    /** Replies. */
    REPLY
}
