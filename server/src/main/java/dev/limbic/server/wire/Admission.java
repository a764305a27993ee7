package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts open calls, refuses too many, and knows when the last one has ended. Thread-safe. */
final class Admission {
    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(1);
    private static final Duration RETRY_WHEN_STOPPING = Duration.ofSeconds(1);

    /** A call that would go on for ever if nobody ended it. */
    interface Stream {
        /** Ends the stream once what it has accepted is answered. */
        void drain();
    }

    private final int maxCalls;
    private final AtomicInteger open = new AtomicInteger();
    private final Set<Stream> streams = ConcurrentHashMap.newKeySet();
    private final CountDownLatch allEnded = new CountDownLatch(1);
    private volatile boolean draining;

    Admission(int maxCalls) {
        this.maxCalls = maxCalls;
    }

    /**
     * Lets a call in; each one that is let in must {@link #leave} once.
     *
     * @throws LimbicException.Overloaded if too many are open
     * @throws LimbicException.Unavailable if the server is stopping
     */
    void enter() {
        if (open.incrementAndGet() > maxCalls) {
            leave();
            throw new LimbicException.Overloaded("%d calls are open, the most".formatted(maxCalls), RETRY_WHEN_FULL);
        }
        if (draining) {
            leave();
            throw new LimbicException.Unavailable("the server is stopping", RETRY_WHEN_STOPPING);
        }
    }

    void leave() {
        if (open.decrementAndGet() == 0 && draining) {
            allEnded.countDown();
        }
    }

    void opened(Stream stream) {
        streams.add(stream);
        if (draining) {
            stream.drain();
        }
    }

    void closed(Stream stream) {
        streams.remove(stream);
    }

    /** Refuses new calls and lets each stream end once what it has accepted is answered. */
    void drain() {
        draining = true;
        streams.forEach(Stream::drain);
        if (open.get() == 0) {
            allEnded.countDown();
        }
    }

    /** Waits until no call is open; only after {@link #drain}. */
    boolean awaitEnd(Duration patience) throws InterruptedException {
        return allEnded.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    }
}
