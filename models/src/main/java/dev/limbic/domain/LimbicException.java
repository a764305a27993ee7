package dev.limbic.domain;

import java.time.Duration;

/**
 * Every way in which a request can fail. The wire maps each kind to one gRPC status; nothing else decides that.
 * Messages say what was wrong, what was found and what was expected; they never contain a user's text.
 */
public abstract sealed class LimbicException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private LimbicException(String message, @org.jspecify.annotations.Nullable Throwable cause) {
        super(message, cause);
    }

    /** Without a stack trace: it says nothing that the message does not, and refusing much must cost little. */
    private LimbicException(String message) {
        super(message, null, false, false);
    }

    /** The request itself is wrong; sending it again will fail again. */
    public static final class Invalid extends LimbicException {
        private static final long serialVersionUID = 1L;

        public Invalid(String message) {
            super(message, null);
        }
    }

    /** The request names something that does not exist here, such as a model. */
    public static final class NotFound extends LimbicException {
        private static final long serialVersionUID = 1L;

        public NotFound(String message) {
            super(message, null);
        }
    }

    /** The request makes sense, and this server serves nothing of that kind. */
    public static final class Unsupported extends LimbicException {
        private static final long serialVersionUID = 1L;

        /** @param what the client asked for, as the contract calls it */
        public Unsupported(String what) {
            super(what + " is not served by this server");
        }
    }

    /** Nobody says who is calling, or nobody of that name and secret is known here. */
    public static final class Unauthenticated extends LimbicException {
        private static final long serialVersionUID = 1L;

        public Unauthenticated(String message) {
            super(message, null);
        }
    }

    /** It is known who is calling, and that caller may not. */
    public static final class Denied extends LimbicException {
        private static final long serialVersionUID = 1L;

        public Denied(String message) {
            super(message, null);
        }
    }

    /** The request is larger than this server takes; sending it again will fail again. */
    public static final class TooLarge extends LimbicException {
        private static final long serialVersionUID = 1L;

        public TooLarge(String message) {
            super(message, null);
        }
    }

    /** A queue or limit is full; the same request may succeed after {@link #retryAfter()}. */
    public static final class Overloaded extends LimbicException {
        private static final long serialVersionUID = 1L;
        private static final long SHORTEST_RETRY_NANOS = Duration.ofMillis(1).toNanos();
        private static final long LONGEST_RETRY_NANOS = Duration.ofSeconds(30).toNanos();
        private final Duration retryAfter;

        public Overloaded(String message, Duration retryAfter) {
            super(message);
            this.retryAfter = retryAfter;
        }

        /** @param retryNanos an estimate, which is kept within a millisecond and half a minute */
        public Overloaded(String message, double retryNanos) {
            this(message, Duration.ofNanos(Math.clamp((long) retryNanos, SHORTEST_RETRY_NANOS, LONGEST_RETRY_NANOS)));
        }

        /** How long a client should wait before it tries again. */
        public Duration retryAfter() {
            return retryAfter;
        }
    }

    /** The deadline passed, or the client left, before the device was used. */
    public static final class Expired extends LimbicException {
        private static final long serialVersionUID = 1L;

        public Expired(String message) {
            super(message);
        }
    }

    /** A model or device cannot serve now: starting, stopping or failed. */
    public static final class Unavailable extends LimbicException {
        private static final long serialVersionUID = 1L;
        private final Duration retryAfter;

        public Unavailable(String message, Duration retryAfter) {
            super(message, null);
            this.retryAfter = retryAfter;
        }

        /** How long a client should wait before it tries again. */
        public Duration retryAfter() {
            return retryAfter;
        }
    }

    /** A defect or a broken device; the cause says more. */
    public static final class Internal extends LimbicException {
        private static final long serialVersionUID = 1L;

        public Internal(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
