package dev.limbic.server.stream;

/** What comes back on a stream, and is served here. Messages of one channel keep their order. */
public enum Channel {
    /** How utterances were read. */
    ANALYSIS,

    /** Replies. */
    REPLY,

    /** What frames show; of a subject only of the latest, as far as the client reads. */
    FACES
}
