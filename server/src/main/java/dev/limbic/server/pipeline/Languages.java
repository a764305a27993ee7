package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;
import dev.limbic.generate.GenerationRequest;
import dev.limbic.generate.Scheduler;
import dev.limbic.generate.Sequence;
import dev.limbic.generate.TokenListener;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.LanguageModel;
import dev.limbic.server.batch.MicroBatcher;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The language models that are served, by name; perhaps none. Thread-safe. */
public final class Languages {
    /** A model, who decides what it computes next, and the device it computes on. */
    public record Served(LanguageModel model, Scheduler scheduler, MicroBatcher device) {
        /** Name it is served under. */
        public String name() {
            return model.card().name();
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

    private final Map<String, Served> byName;
    private final String defaultName;

    /**
     * @param served in the order in which clients shall see them
     * @param defaultName name of the one that requests without a model name go to; empty if there is none
     */
    public Languages(List<Served> served, String defaultName) {
        this.byName =
                served.stream().collect(Collectors.toMap(Served::name, each -> each, (a, b) -> a, LinkedHashMap::new));
        this.defaultName = defaultName;
    }

    /**
     * The model of this name, or the default one if the name is empty.
     *
     * @throws LimbicException.NotFound if there is none
     */
    public Served named(String name) {
        Served served = byName.get(name.isEmpty() ? defaultName : name);
        if (served == null) {
            throw new LimbicException.NotFound(
                    byName.isEmpty()
                            ? "this server has no language model; see language-models in its configuration"
                            : "no language model of that name; this server has " + String.join(", ", byName.keySet()));
        }
        return served;
    }

    /** Whether no language model is loaded. */
    public boolean isEmpty() {
        return byName.isEmpty();
    }

    /** Name of the model that requests without a model name go to; empty if there is none. */
    public String defaultName() {
        return defaultName;
    }

    /** Whether a model of this name is served. */
    public boolean contains(String name) {
        return byName.containsKey(name);
    }

    /** What is served, in the order of the configuration. */
    public Collection<Served> all() {
        return byName.values();
    }

    /** What is served, in the order of the configuration. */
    public List<LanguageCard> cards() {
        return byName.values().stream().map(served -> served.model().card()).toList();
    }
}
