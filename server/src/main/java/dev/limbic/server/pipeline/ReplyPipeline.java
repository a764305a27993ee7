package dev.limbic.server.pipeline;

import dev.limbic.domain.Cue;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Turn;
import dev.limbic.generate.GenerationRequest;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.model.Kinds;
import dev.limbic.model.LanguageModel;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;

/**
 * Conversation to reply: write the prompt, queue it, hand on tokens. Prompts are written by workers, so that a long one
 * holds up neither the network nor the device. Thread-safe.
 */
public final class ReplyPipeline {
    /** Of what a client sent, in a message. */
    private static final int MOST_SHOWN = 64;

    private final Catalog catalog;
    private final InputLimits limits;
    private final Executor workers;
    private final ReplyObserver observer;

    /**
     * A pipeline over the models.
     *
     * @param limits bound each turn as any text
     * @param workers write prompts, on other threads than the caller's; what they reject is answered as overload
     */
    public ReplyPipeline(Catalog catalog, InputLimits limits, Executor workers, ReplyObserver observer) {
        this.catalog = catalog;
        this.limits = limits;
        this.workers = workers;
        this.observer = observer;
    }

    /** Whether there is any model to write with. */
    public boolean canWrite() {
        return catalog.has(Kinds.LANGUAGE);
    }

    /**
     * Name of the language model that a name means; the default one's if it is empty.
     *
     * @throws LimbicException.NotFound if there is none
     */
    public String modelNamed(String name) {
        return catalog.language(name).name();
    }

    /**
     * Runs work on a worker, the more urgent before the less.
     *
     * @throws LimbicException.Overloaded if too much waits there already
     */
    public void later(Priority priority, Runnable work) {
        Workers.hand(
                workers,
                new Errand(work, System.nanoTime() + priority.patience().toNanos()),
                "too many texts and prompts wait for a worker");
    }

    private record Errand(Runnable work, long dueNanos) implements WorkerTask {
        @Override
        public void run() {
            work.run();
        }
    }

    /**
     * Checks who many replies will be written by.
     *
     * @throws LimbicException.Invalid if it is longer than a text may be
     */
    public void requirePersona(String persona) {
        limits.requireShort(persona, "the persona");
    }

    /**
     * Checks what many replies will be sampled with. Each banned word is tokenised for it, so that network threads leave
     * it to {@link #later}.
     *
     * @throws LimbicException if that model is not served, or can write none of them
     */
    public void requirePossible(String model, SamplingWish sampling) {
        ServedLanguage served = catalog.language(model);
        LanguageModel.Prompt shortest = new LanguageModel.Prompt(new int[] {0}, 0, List.of());
        SamplingSettings settings = sampling.settings(served.model(), null, shortest);
        served.scheduler().requirePossible(new GenerationRequest(shortest.ids(), 0, settings, 0, Long.MAX_VALUE));
    }

    /**
     * Checks what a client asks for.
     *
     * @throws LimbicException if that model is not served, or has no such manner
     */
    public void requireStyle(String model, Cue cue) {
        ServedLanguage served = catalog.language(model);
        Set<String> known = served.model().card().controls();
        if (!cue.style().isEmpty() && !known.contains(cue.style())) {
            throw new LimbicException.Invalid("target.style must be one that model '%s' knows (%s), found '%s'"
                    .formatted(
                            served.name(),
                            known.isEmpty() ? "none" : String.join(", ", new TreeSet<>(known)),
                            cue.style()
                                    .substring(
                                            0, Math.min(MOST_SHOWN, cue.style().length()))));
        }
    }

    /**
     * Starts to write a reply; from now on the listener will hear of its end.
     *
     * @return the reply, for cancellation
     * @throws LimbicException if it cannot be accepted; the listener is not called then
     */
    public Pending reply(ReplyRequest request, ReplyListener listener) {
        ServedLanguage served = catalog.language(request.model());
        switch (request.input()) {
            case ReplyRequest.Prompt prompt -> requirePrompt(prompt.text());
            case ReplyRequest.Talk talk -> requireUsable(talk.turns());
        }
        if (request.timeoutNanos() <= 0) {
            throw new LimbicException.Expired("the deadline passed before the reply was begun");
        }
        ReplyJob job = new ReplyJob(served, request, listener, observer);
        Workers.hand(workers, job, "too many prompts wait to be written");
        return job;
    }

    private void requireUsable(List<Turn> turns) {
        for (Turn turn : turns) {
            if (turn.text().isBlank()) {
                throw new LimbicException.Invalid("a turn is empty");
            }
            limits.requireShort(turn.text(), "a turn");
        }
    }

    /** Spaces alone are a prompt too. */
    private void requirePrompt(String text) {
        if (text.isEmpty()) {
            throw new LimbicException.Invalid("the prompt is empty");
        }
        limits.requireShort(text, "the prompt");
    }
}
