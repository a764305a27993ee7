package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;
import dev.limbic.generate.GenerationRequest;
import dev.limbic.generate.Scheduler;
import dev.limbic.generate.Sequence;
import dev.limbic.generate.TokenListener;
import dev.limbic.model.Kinds;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.LanguageKind;
import dev.limbic.model.LanguageModel;
import dev.limbic.server.batch.MicroBatcher;
import java.util.function.Supplier;

/**
 * A model that writes text.
 *
 * @param source the model as its device has it now
 * @param scheduler decides what it computes next
 * @param device what it computes on
 */
public record ServedLanguage(
        LanguageCard card, Supplier<LanguageModel> source, Scheduler scheduler, MicroBatcher device) implements Served {
    @Override
    public LanguageKind kind() {
        return Kinds.LANGUAGE;
    }

    LanguageModel model() {
        return source.get();
    }

    /** Blocks of its cache of keys and values. */
    public int blocks() {
        return model().blocks();
    }

    @Override
    public int depth() {
        return scheduler.queued();
    }

    /**
     * Queues a text and wakes the device.
     *
     * @throws LimbicException if it cannot be accepted; the listener is not called then
     */
    Sequence submit(GenerationRequest request, TokenListener listener) {
        return device.announce(() -> scheduler.submit(request, listener));
    }
}
