package dev.limbic.server.wire;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts open calls and the bytes that all of them hold, refuses too many, and knows when the last call has ended.
 * Thread-safe.
 */
final class Admission {
    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(1);
    private static final Duration RETRY_WHEN_STOPPING = Duration.ofSeconds(1);

    /** What a call costs that holds nothing yet: its objects here and in gRPC. */
    private static final int CALL_BYTES = 4096;

    /** What a stream may leave with the transport before that calls itself not ready; gRPC's bound. */
    private static final int UNSENT_BYTES = 32_768;

    /** Calls that do no work and are answered at once; and as many that stay, so that these leave places for those. */
    private static final int MAX_VISITORS = 4096;

    /** A call that would go on for ever if nobody ended it. */
    interface Stream {
        /** Ends the stream once what it has accepted is answered. */
        void drain();
    }

    private final int maxCalls;
    private final long maxBytes;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger checks = new AtomicInteger();
    private final AtomicInteger watchers = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final Set<Stream> streams = ConcurrentHashMap.newKeySet();
    private final CountDownLatch allEnded = new CountDownLatch(1);
    private volatile boolean draining;

    /** @param maxBytes most that all calls may hold together */
    Admission(int maxCalls, long maxBytes) {
        this.maxCalls = maxCalls;
        this.maxBytes = maxBytes;
    }

    /**
     * Lets a call in that is answered once.
     *
     * @throws LimbicException.Overloaded if too many are open, or too much is held
     * @throws LimbicException.Unavailable if the server is stopping
     */
    Seat enter() {
        return enter(CALL_BYTES);
    }

    /** {@link #enter()} for a call that is answered many times. */
    Seat enterStream() {
        return enter(CALL_BYTES + UNSENT_BYTES);
    }

    private Seat enter(int cost) {
        if (open.incrementAndGet() > maxCalls) {
            leave();
            throw new LimbicException.Overloaded("%d calls are open, the most".formatted(maxCalls), RETRY_WHEN_FULL);
        }
        if (draining) {
            leave();
            throw new LimbicException.Unavailable("the server is stopping", RETRY_WHEN_STOPPING);
        }
        Seat seat = new Seat(this::leave);
        try {
            seat.take(cost);
        } catch (LimbicException.Overloaded full) {
            leave();
            throw full;
        }
        return seat;
    }

    /**
     * Lets a call in that does no work, such as one of health. These have places of their own, so that they are answered
     * while the others are all taken, and while the server stops.
     *
     * @throws LimbicException.Overloaded if too many are open
     */
    Seat visit(boolean stays) {
        AtomicInteger visitors = stays ? watchers : checks;
        if (visitors.incrementAndGet() > MAX_VISITORS) {
            visitors.decrementAndGet();
            throw new LimbicException.Overloaded(
                    "%d calls of this kind are open, the most".formatted(MAX_VISITORS), RETRY_WHEN_FULL);
        }
        Seat seat = new Seat(visitors::decrementAndGet);
        seat.hold(CALL_BYTES);
        return seat;
    }

    private void leave() {
        if (open.decrementAndGet() == 0 && draining) {
            allEnded.countDown();
        }
    }

    /** A call that was let in, and what it holds. Whoever has one must {@link #leave} it; twice does no harm. */
    final class Seat {
        private final Runnable leaving;
        private long held;
        private boolean left;

        Seat(Runnable leaving) {
            this.leaving = leaving;
        }

        /**
         * Holds more.
         *
         * @throws LimbicException.Overloaded if all calls hold too much; then this one holds no more than before
         */
        void take(long more) {
            if (bytes.get() + more > maxBytes) {
                throw new LimbicException.Overloaded(
                        "all calls together hold %d bytes, the most (limits.max-bytes-in-flight)".formatted(maxBytes),
                        RETRY_WHEN_FULL);
            }
            hold(more);
        }

        /** Holds more, or less if negative, of what is bounded elsewhere. */
        synchronized void hold(long more) {
            if (!left) {
                held += more;
                bytes.addAndGet(more);
            }
        }

        /** Holds less. */
        void give(long less) {
            hold(-less);
        }

        /** The call has ended; it holds nothing any more. */
        void leave() {
            synchronized (this) {
                if (left) {
                    return;
                }
                left = true;
                bytes.addAndGet(-held);
            }
            leaving.run();
        }
    }

    /** Bytes that came and are no message yet; more or, if negative, less. */
    void unread(long more) {
        bytes.addAndGet(more);
    }

    /** Bytes that all calls hold. */
    long bytes() {
        return bytes.get();
    }

    /** Calls that are open. */
    int calls() {
        return open.get();
    }

    /**
     * Whether so much is held that nothing more may even be received. What is received while no more than the bound is
     * held gets an answer that says so.
     */
    boolean overflows() {
        return bytes.get() > maxBytes + maxBytes / 4;
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
