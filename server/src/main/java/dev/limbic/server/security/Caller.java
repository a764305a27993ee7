package dev.limbic.server.security;

import dev.limbic.domain.LimbicException;

/** Who makes one call, for as long as it lasts. Thread-safe. */
public interface Caller {
    /** Somebody who need not say who it is, and may use as much as the server has. */
    Caller ANYBODY = new Caller() {
        @Override
        public void request() {}

        @Override
        public void charge(int tokens) {}

        @Override
        public void whenRemoved(Runnable end) {}

        @Override
        public void leave() {}
    };

    /**
     * Counts one message of a stream.
     *
     * @throws LimbicException.Overloaded if the quota is used up
     */
    void request();

    /** Counts tokens of text that were read or written for this call, once that is known; never refuses. */
    void charge(int tokens);

    /** What to do, at most once and on any thread, when the token is taken back while the call is open. */
    void whenRemoved(Runnable end);

    /** The call has ended; a second time changes nothing. */
    void leave();
}
