package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Text to emotions: look at the queue, encode, queue, logits, interpret, answer.
 *
 * <p>A chat line is encoded on the calling thread, a network thread: that takes less than waking another one. Longer text
 * goes to the workers, so that it holds up neither the network nor the device. Logits come from the device's thread;
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
    private final Executor workers;
    private final Way way = new Way();

    /**
     * A pipeline over the models.
     *
     * @param maxTextBytes longest text, in bytes of UTF-8
     * @param workers runs the encoding of long texts, on other threads than the caller's; what it rejects is answered as
     *     overload
     */
    public TextPipeline(Models models, int maxTextBytes, Executor workers) {
        this.models = models;
        this.maxTextBytes = maxTextBytes;
        this.workers = workers;
    }

    /**
     * Checks that a model is served.
     *
     * @param name empty for the default one
     * @throws LimbicException.NotFound if it is not
     */
    public void requireModel(String name) {
        models.named(name);
    }

    /**
     * Starts to analyse a text; the receiver hears from the thread that completes the batch, or from a worker if a
     * long text is refused.
     *
     * @return the waiting work, for cancellation
     * @throws LimbicException if the request cannot be accepted; the receiver is not called then
     */
    public Pending analyze(TextRequest request, Receiver receiver) {
        Models.Served served = models.named(request.model());
        requireUsable(request.text());
        TextJob job = new TextJob(served, request, way, receiver);
        if (request.text().length() <= CHAT_LINE) {
            job.start();
            return job;
        }
        job.requireRoom();
        try {
            workers.execute(job);
        } catch (RejectedExecutionException full) {
            throw new LimbicException.Overloaded(
                    "too many texts of more than %d characters wait".formatted(CHAT_LINE), RETRY_LONG_TEXT);
        }
        return job;
    }

    /** An answer took so long from {@link Receiver} to the network; deadlines are met by as much sooner. */
    public void sent(long nanos) {
        way.took(nanos);
    }

    private void requireUsable(String text) {
        if (text.isBlank()) {
            throw new LimbicException.Invalid("text is empty; send at least one character that is not white space");
        }
        requireShort(text, "text", maxTextBytes);
    }

    static void requireShort(String text, String what, int maxTextBytes) {
        int length = text.length();
        // A char is 1 to 3 bytes of UTF-8; most texts are decided without counting.
        if (length > maxTextBytes || (length > maxTextBytes / 3 && utf8Length(text) > maxTextBytes)) {
            throw new LimbicException.Invalid(what + " is longer than %d bytes of UTF-8".formatted(maxTextBytes));
        }
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
