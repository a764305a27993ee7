package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Turn;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Conversation to reply: write the prompt, queue it, hand on tokens. Prompts are written by workers, so that a long one
 * holds up neither the network nor the device. Thread-safe.
 */
public final class ReplyPipeline {
    private static final Duration RETRY = Duration.ofMillis(100);

    private final Languages languages;
    private final int maxTextBytes;
    private final Executor workers;
    private final ReplyObserver observer;

    /**
     * A pipeline over the models.
     *
     * @param maxTextBytes longest text of a turn, in bytes of UTF-8
     * @param workers write prompts, on other threads than the caller's; what they reject is answered as overload
     */
    public ReplyPipeline(Languages languages, int maxTextBytes, Executor workers, ReplyObserver observer) {
        this.languages = languages;
        this.maxTextBytes = maxTextBytes;
        this.workers = workers;
        this.observer = observer;
    }

    /** The models it writes with. */
    public Languages languages() {
        return languages;
    }

    /**
     * Starts to write a reply; from now on the listener will hear of its end.
     *
     * @return the reply, for cancellation
     * @throws LimbicException if it cannot be accepted; the listener is not called then
     */
    public TextPipeline.Pending reply(ReplyRequest request, ReplyListener listener) {
        Languages.Served served = languages.named(request.model());
        switch (request.input()) {
            case ReplyRequest.Prompt prompt -> requireShort(prompt.text(), "the prompt");
            case ReplyRequest.Talk talk -> requireUsable(talk.turns());
        }
        if (request.timeoutNanos() <= 0) {
            throw new LimbicException.Expired("the deadline passed before the reply was begun");
        }
        ReplyJob job = new ReplyJob(served, request, listener, observer);
        try {
            workers.execute(job);
        } catch (RejectedExecutionException full) {
            throw new LimbicException.Overloaded("too many prompts wait to be written", RETRY);
        }
        return job;
    }

    private void requireUsable(List<Turn> turns) {
        for (Turn turn : turns) {
            requireShort(turn.text(), "a turn");
        }
    }

    private void requireShort(String text, String what) {
        if (text.isBlank()) {
            throw new LimbicException.Invalid(what + " is empty");
        }
        TextPipeline.requireShort(text, what, maxTextBytes);
    }
}
