package dev.limbic.model;

import dev.limbic.generate.BlockPool;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.generate.GenerationRequest;
import dev.limbic.generate.Generator;
import dev.limbic.generate.Scheduler;
import dev.limbic.generate.StepRunner;
import dev.limbic.generate.TokenBytes;
import dev.limbic.generate.TokenListener;
import dev.limbic.generate.TokenRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A scheduler over a model, and what its texts became. */
final class Writing {
    /** What became of one text. */
    static final class Text implements TokenListener {
        final List<GeneratedToken> tokens = new ArrayList<>();
        private @Nullable Finish finish;

        @Override
        public void token(GeneratedToken token) {
            tokens.add(token);
        }

        @Override
        public void finished(Finish end) {
            finish = end;
        }

        Finish finish() {
            return Objects.requireNonNull(finish, "the text has no end");
        }
    }

    final Scheduler scheduler;
    private final Generator generator;

    Writing(StepRunner model, TokenBytes bytes, Scheduler.Limits limits, BlockPool pool) {
        this(model, bytes, limits, pool, TokenRules.NONE);
    }

    Writing(StepRunner model, TokenBytes bytes, Scheduler.Limits limits, BlockPool pool, TokenRules rules) {
        scheduler = new Scheduler(limits, pool, bytes, rules, Runnable::run, System::nanoTime);
        generator = new Generator(scheduler, model);
    }

    static Writing of(LanguageModel model) {
        LanguageCard card = model.card();
        return new Writing(
                model,
                model,
                new Scheduler.Limits(card.vocabulary(), card.maxTokens(), 8, 64, 32),
                new BlockPool(model.blocks(), model.blockTokens()),
                card.sampling().rules());
    }

    Text submit(GenerationRequest request) {
        Text text = new Text();
        scheduler.submit(request, text);
        return text;
    }

    void steps(int count) {
        for (int i = 0; i < count; i++) {
            generator.step();
        }
    }

    void finish() {
        while (scheduler.hasWork()) {
            generator.step();
        }
    }
}
