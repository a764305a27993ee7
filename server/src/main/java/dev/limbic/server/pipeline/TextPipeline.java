package dev.limbic.server.pipeline;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.TextModel;
import dev.limbic.server.batch.Completion;
import dev.limbic.server.batch.Ride;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Text to emotions: encode, queue, logits, interpret, answer.
 *
 * <p>A chat line is encoded on the calling thread, a network thread: that takes less than waking another one. Longer text
 * goes to the encoders, so that it holds up neither the network nor the device. Logits come from the device's thread;
 * they are interpreted where completions run. Thread-safe.
 */
public final class TextPipeline {
    /** Receives the answer or the failure; exactly one method is called, once, unless the request was cancelled. */
    public interface Receiver {
        void answered(TextAnswer answer);

        void failed(LimbicException failure);
    }

    /** Work that may still wait for the device. */
    @FunctionalInterface
    public interface Pending {
        /**
         * Withdraws the work, if it still waits.
         *
         * @return true if the receiver will not be called
         */
        boolean cancel();
    }

    /** Longest text that is encoded on the calling thread, in chars; some tens of microseconds. */
    private static final int CHAT_LINE = 512;

    private static final Duration RETRY_LONG_TEXT = Duration.ofMillis(100);

    private final Models models;
    private final int maxTextBytes;
    private final Executor encoders;

    /**
     * A pipeline over the models.
     *
     * @param maxTextBytes longest text, in bytes of UTF-8
     * @param encoders runs the encoding of long texts, on other threads than the caller's; what it rejects is answered as
     *     overload
     */
    public TextPipeline(Models models, int maxTextBytes, Executor encoders) {
        this.models = models;
        this.maxTextBytes = maxTextBytes;
        this.encoders = encoders;
    }

    /**
     * Starts to analyse a text; the receiver hears from the thread that completes the batch, or from an encoder if a
     * long text is refused.
     *
     * @return the waiting work, for cancellation
     * @throws LimbicException if the request cannot be accepted; the receiver is not called then
     */
    public Pending analyze(TextRequest request, Receiver receiver) {
        long started = System.nanoTime();
        Models.Served served = models.named(request.model());
        requireUsable(request.text());
        if (request.text().length() <= CHAT_LINE) {
            return submit(served, request, receiver, started);
        }
        LongText text = new LongText(() -> submit(served, request, receiver, started), receiver);
        try {
            encoders.execute(text);
        } catch (RejectedExecutionException full) {
            throw new LimbicException.Overloaded(
                    "too many texts of more than %d characters wait".formatted(CHAT_LINE), RETRY_LONG_TEXT);
        }
        return text;
    }

    private static Pending submit(Models.Served served, TextRequest request, Receiver receiver, long started) {
        Encoding encoding = encode(served.model(), request.text());
        long encoded = System.nanoTime();
        long patienceNanos = request.priority().patience().toNanos();
        long timeoutNanos = request.timeoutNanos() == Long.MAX_VALUE
                ? Long.MAX_VALUE
                : request.timeoutNanos() - (encoded - started);
        Completion<float[]> completion = new Completion<>() {
            @Override
            public void done(float[] logits, Ride ride) {
                Emotions emotions;
                try {
                    emotions = served.model().interpret(logits);
                } catch (RuntimeException e) {
                    failed(asLimbic(e, "logits could not be interpreted"));
                    return;
                }
                receiver.answered(new TextAnswer(
                        served.name(),
                        emotions,
                        encoding.truncated(),
                        encoding.tokens(),
                        timing(ride, started, encoded)));
            }

            @Override
            public void failed(LimbicException failure) {
                receiver.failed(failure);
            }
        };
        return served.lane().submit(encoding, encoding.tokens(), patienceNanos, timeoutNanos, completion)::cancel;
    }

    private static TextAnswer.Timing timing(Ride ride, long started, long encoded) {
        return new TextAnswer.Timing(
                ride.rows(),
                ride.tokens(),
                encoded - started,
                ride.queueNanos(),
                ride.computeNanos(),
                System.nanoTime() - started);
    }

    private void requireUsable(String text) {
        if (text.isBlank()) {
            throw new LimbicException.Invalid("text is empty; send at least one visible character");
        }
        int length = text.length();
        // A char is 1 to 3 bytes of UTF-8; most texts are decided without counting.
        if (length > maxTextBytes || (length > maxTextBytes / 3 && utf8Length(text) > maxTextBytes)) {
            throw new LimbicException.Invalid("text is longer than %d bytes of UTF-8".formatted(maxTextBytes));
        }
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static Encoding encode(TextModel model, String text) {
        Encoding encoding;
        try {
            encoding = model.encode(text);
        } catch (RuntimeException e) {
            throw asLimbic(e, "the text could not be encoded");
        }
        if (encoding.tokens() == 0) {
            throw new LimbicException.Invalid("text has no tokens");
        }
        return encoding;
    }

    private static LimbicException asLimbic(RuntimeException e, String what) {
        return e instanceof LimbicException known ? known : new LimbicException.Internal(what, e);
    }

    /** A text that waits for an encoder and then for the device. */
    private static final class LongText implements Pending, Runnable {
        private final Supplier<Pending> submission;
        private final Receiver receiver;
        private final AtomicBoolean taken = new AtomicBoolean();
        private volatile @Nullable Pending submitted;

        LongText(Supplier<Pending> submission, Receiver receiver) {
            this.submission = submission;
            this.receiver = receiver;
        }

        @Override
        public void run() {
            if (taken.getAndSet(true)) {
                return;
            }
            try {
                submitted = submission.get();
            } catch (RuntimeException e) {
                receiver.failed(asLimbic(e, "the request could not be started"));
            }
        }

        @Override
        public boolean cancel() {
            if (!taken.getAndSet(true)) {
                return true;
            }
            Pending work = submitted;
            return work != null && work.cancel();
        }
    }
}
