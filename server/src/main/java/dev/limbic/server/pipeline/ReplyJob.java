package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Finish;
import dev.limbic.generate.FinishReason;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.generate.GenerationRequest;
import dev.limbic.generate.Sequence;
import dev.limbic.generate.TokenListener;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.LanguageModel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One reply on its way: its prompt is written by a worker, its tokens come from the device. The listener hears of the
 * end exactly once, also when the reply was cancelled before there was anything to cancel.
 */
final class ReplyJob implements TextPipeline.Pending, TokenListener, WorkerTask {
    private final Languages.Served served;
    private final ReplyRequest request;
    private final ReplyListener listener;
    private final ReplyObserver observer;
    private final long arrivedNanos = System.nanoTime();
    private long firstTokenNanos;
    private boolean dropsSpace;

    private @Nullable Sequence sequence;
    private boolean cancelled;

    ReplyJob(Languages.Served served, ReplyRequest request, ReplyListener listener, ReplyObserver observer) {
        this.served = served;
        this.request = request;
        this.listener = listener;
        this.observer = observer;
        this.dropsSpace = served.model().card().dropsFirstSpace();
    }

    /** Writes the prompt and queues it. */
    @Override
    public void run() {
        try {
            LanguageModel.Prompt prompt = prompt();
            GenerationRequest generation = new GenerationRequest(
                    prompt.ids(),
                    prompt.sharedTokens(),
                    request.sampling().settings(served.model(), request.cue(), prompt.stopStrings()),
                    request.priority().patience().toNanos(),
                    timeLeft());
            synchronized (this) {
                if (!cancelled) {
                    sequence = served.submit(generation, this);
                    return;
                }
            }
            finished(ended(FinishReason.CANCELLED, null));
        } catch (LimbicException e) {
            finished(ended(FinishReason.FAILED, e));
        } catch (Throwable e) {
            finished(ended(FinishReason.FAILED, new LimbicException.Internal("the reply could not be started", e)));
        }
    }

    private static Finish ended(FinishReason reason, @Nullable LimbicException failure) {
        return new Finish(reason, "", new Finish.Usage(0, 0, 0, 0), failure);
    }

    private long timeLeft() {
        long timeout = request.timeoutNanos();
        return timeout == Long.MAX_VALUE ? timeout : timeout - (System.nanoTime() - arrivedNanos);
    }

    private LanguageModel.Prompt prompt() {
        return switch (request.input()) {
            case ReplyRequest.Prompt text -> served.model().prompt(text.text());
            case ReplyRequest.Talk talk -> talk.forgets() ? fitting(talk.turns()) : prompt(talk.turns());
        };
    }

    private LanguageModel.Prompt prompt(List<Turn> turns) {
        return served.model().prompt(turns, request.cue());
    }

    /** The prompt with as many of the latest turns as fit, in whole exchanges, and the persona. */
    private LanguageModel.Prompt fitting(List<Turn> turns) {
        LanguageCard card = served.model().card();
        int context = Math.min(card.maxTokens(), card.cacheTokens());
        int reply = Math.min(request.sampling().mostNewTokens(card), context / 2);
        List<Turn> kept = new ArrayList<>(turns);
        LanguageModel.Prompt prompt = prompt(kept);
        while (prompt.ids().length + reply > context && forgetOldest(kept)) {
            prompt = prompt(kept);
        }
        return prompt;
    }

    /** Leaves out the oldest exchange; false if only the latest one is left. */
    private static boolean forgetOldest(List<Turn> turns) {
        int first = turns.getFirst().role() == Turn.Role.SYSTEM ? 1 : 0;
        int next = first + 1;
        while (next < turns.size() && turns.get(next).role() != Turn.Role.USER) {
            next++;
        }
        if (next >= turns.size()) {
            return false;
        }
        turns.subList(first, next).clear();
        return true;
    }

    /** Ends the reply before the device's next step; the listener hears that it is cancelled, unless it has ended. */
    @Override
    public boolean cancel() {
        synchronized (this) {
            cancelled = true;
            if (sequence != null) {
                sequence.cancel();
            }
        }
        return false;
    }

    @Override
    public void token(GeneratedToken token) {
        if (firstTokenNanos == 0) {
            firstTokenNanos = Math.max(1, System.nanoTime() - arrivedNanos);
        }
        listener.token(dropsSpace ? withoutSpace(token) : token);
    }

    /** Of the first text there is, without the space that it begins with. */
    private GeneratedToken withoutSpace(GeneratedToken token) {
        if (token.text().isEmpty()) {
            return token;
        }
        dropsSpace = false;
        String text = token.text().startsWith(" ") ? token.text().substring(1) : token.text();
        return new GeneratedToken(token.id(), text, token.logProbability(), token.alternatives());
    }

    @Override
    public void finished(Finish finish) {
        long total = System.nanoTime() - arrivedNanos;
        observer.replied(served.name(), finish.reason(), finish.usage().newTokens(), firstTokenNanos, total);
        listener.finished(finish, firstTokenNanos, total);
    }

    @Override
    public long dueNanos() {
        return arrivedNanos + Math.min(request.priority().patience().toNanos(), request.timeoutNanos());
    }
}
