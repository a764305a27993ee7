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
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One reply on its way: its prompt is written by a worker, its tokens come from the device. The listener hears of the
 * end exactly once, also when the reply was cancelled before there was anything to cancel.
 */
final class ReplyJob implements Pending, TokenListener, WorkerTask {
    /** Of ordinary text a token spells four characters or so. */
    private static final int MOST_CHARS_PER_TOKEN = 16;

    private final ServedLanguage served;
    private final ReplyRequest request;
    private final ReplyListener listener;
    private final ReplyObserver observer;
    private final long arrivedNanos = System.nanoTime();
    private long firstTokenNanos;
    private boolean dropsSpace;

    private @Nullable Sequence sequence;
    private boolean cancelled;

    ReplyJob(ServedLanguage served, ReplyRequest request, ReplyListener listener, ReplyObserver observer) {
        this.served = served;
        this.request = request;
        this.listener = listener;
        this.observer = observer;
        this.dropsSpace = served.card().dropsFirstSpace();
    }

    /** Writes the prompt and queues it, unless nobody waits for it any more. */
    @Override
    public void run() {
        if (isCancelled()) {
            finished(ended(FinishReason.CANCELLED, null));
            return;
        }
        try {
            if (timeLeft() <= 0) {
                throw new LimbicException.Expired("the deadline passed before the prompt was written");
            }
            LanguageModel.Prompt prompt = prompt();
            GenerationRequest generation = new GenerationRequest(
                    prompt.ids(),
                    prompt.sharedTokens(),
                    request.sampling().settings(served.model(), request.cue(), prompt),
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

    private synchronized boolean isCancelled() {
        return cancelled;
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
        LanguageCard card = served.card();
        int context = request.sampling().mostTokens(card);
        int reply = Math.min(request.sampling().mostNewTokens(card), context / 2);
        Exchanges exchanges = new Exchanges(turns);
        // Encoding takes time, and a client may have said megabytes: what cannot fit is not even tried.
        int kept = exchanges.within((long) MOST_CHARS_PER_TOKEN * context);
        LanguageModel.Prompt prompt = prompt(exchanges.latest(kept));
        if (kept == 1 || prompt.ids().length + reply <= context) {
            return prompt;
        }
        int fits = 1; // or does not, but then nothing does
        int tooMany = kept;
        LanguageModel.Prompt best = prompt(exchanges.latest(fits));
        while (tooMany - fits > 1) {
            int middle = (fits + tooMany) / 2;
            LanguageModel.Prompt tried = prompt(exchanges.latest(middle));
            if (tried.ids().length + reply <= context) {
                fits = middle;
                best = tried;
            } else {
                tooMany = middle;
            }
        }
        return best;
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
