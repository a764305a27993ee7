package dev.limbic.generate;

import dev.limbic.domain.LimbicException;
import org.jspecify.annotations.Nullable;

/**
 * Tells one text's listener, on the thread that tells. A listener that throws is told no further token; its text is
 * given up, and its end says why.
 */
final class Telling {
    private final TokenListener listener;
    private final Runnable giveUp;
    private @Nullable LimbicException failure;
    private int tokens;

    /** @param giveUp ends the text; from any thread */
    Telling(TokenListener listener, Runnable giveUp) {
        this.listener = listener;
        this.giveUp = giveUp;
    }

    void token(GeneratedToken token) {
        if (failure != null) {
            return;
        }
        tokens++;
        try {
            listener.token(token);
        } catch (Throwable e) {
            failure = new LimbicException.Internal("a token could not be handed on", e);
            giveUp.run();
        }
    }

    void finished(Finish finish) {
        try {
            listener.finished(failure == null ? finish : failed(finish.usage(), failure));
        } catch (Throwable e) {
            // The text has ended and its only listener is the one that failed: nobody is left to hear of it.
            System.getLogger(Telling.class.getName())
                    .log(System.Logger.Level.ERROR, "a listener failed: " + e.getClass());
        }
    }

    private Finish failed(Finish.Usage usage, LimbicException why) {
        Finish.Usage heard = new Finish.Usage(usage.promptTokens(), usage.cachedTokens(), tokens, usage.preemptions());
        return new Finish(FinishReason.FAILED, "", heard, why);
    }
}
