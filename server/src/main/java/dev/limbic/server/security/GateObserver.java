package dev.limbic.server.security;

/** Hears what the gate does, for telemetry. Called on the threads that work; must be quick and must not throw. */
public interface GateObserver {
    /** Hears nothing. */
    GateObserver NONE = new GateObserver() {
        @Override
        public void refused(String client, String peer, String method, Refusal reason) {}

        @Override
        public void admitted(String client) {}

        @Override
        public void streams(String client, int change) {}

        @Override
        public void used(String client, int tokens) {}

        @Override
        public void reloaded(String what) {}

        @Override
        public void reloadFailed(String what, String reason) {}
    };

    /**
     * A call, or a message of a stream, was refused.
     *
     * @param client name of the client; empty if it is not known
     * @param peer address it came from
     * @param method such as {@code limbic.v1.EmotionService/Analyze}
     */
    void refused(String client, String peer, String method, Refusal reason);

    /** A call, or a message of a stream, of a known client was let in. */
    void admitted(String client);

    /** A known client's stream was opened (1) or ended (−1). */
    void streams(String client, int change);

    /** A known client used so many tokens of text. */
    void used(String client, int tokens);

    /** Files changed and are in use, such as {@code tokens}. */
    void reloaded(String what);

    /** Files changed and cannot be used; the ones before stay in use. */
    void reloadFailed(String what, String reason);
}
