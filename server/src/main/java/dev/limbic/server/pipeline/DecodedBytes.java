package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the pixels of all pictures take that are being read. A file of a few kilobytes may become a picture of many
 * megabytes, so what was sent says nothing of it. Thread-safe.
 */
final class DecodedBytes {
    private static final Duration RETRY = Duration.ofMillis(100);

    private final long most;
    private final AtomicLong held = new AtomicLong();

    DecodedBytes(long most) {
        this.most = most;
    }

    /** @throws LimbicException.Overloaded if that is more than there may be; then no more is held than before */
    void take(long bytes) {
        if (held.addAndGet(bytes) > most) {
            held.addAndGet(-bytes);
            throw new LimbicException.Overloaded(
                    "all pictures together hold %d bytes of pixels, the most (limits.max-bytes-in-flight)"
                            .formatted(most),
                    RETRY);
        }
    }

    void give(long bytes) {
        held.addAndGet(-bytes);
    }

    long held() {
        return held.get();
    }
}
