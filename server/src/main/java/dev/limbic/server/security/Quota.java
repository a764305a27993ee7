package dev.limbic.server.security;

/**
 * What a client may use.
 *
 * @param calls calls per second, and messages of streams; {@link #NONE} for no bound
 * @param streams streams that are open at a time; {@link #NONE} for no bound
 * @param cost tokens of text per second, read and written; {@link #NONE} for no bound
 */
record Quota(int calls, int streams, int cost) {
    /** No bound. */
    static final int NONE = Integer.MAX_VALUE;

    static final Quota UNBOUNDED = new Quota(NONE, NONE, NONE);
}
