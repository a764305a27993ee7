package dev.limbic.server.pipeline;

import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.ModelCard;
import dev.limbic.model.TextModel;
import dev.limbic.server.batch.Lane;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The models that are served, by name, each with its lane on a device. Immutable. */
public final class Models {
    /**
     * A model and where its work queues.
     *
     * @param lane runs {@link TextModel#logits}
     * @param density how many tokens its texts have
     */
    public record Served(TextModel model, Lane<Encoding, float[]> lane, TokenDensity density) {
        public Served(TextModel model, Lane<Encoding, float[]> lane) {
            this(model, lane, new TokenDensity(model.card().maxTokens()));
        }

        /** Name it is served under. */
        public String name() {
            return model.card().name();
        }
    }

    private final Map<String, Served> byName;
    private final String defaultName;

    /**
     * @param served in the order in which clients shall see them, at least one
     * @param defaultName name of the one that requests without a model name go to
     */
    public Models(List<Served> served, String defaultName) {
        this.byName = served.stream()
                .collect(Collectors.toMap(
                        Served::name,
                        each -> each,
                        (a, b) -> {
                            throw new IllegalArgumentException("two models are called " + a.name());
                        },
                        LinkedHashMap::new));
        if (!byName.containsKey(defaultName)) {
            throw new IllegalArgumentException("no model is called " + defaultName);
        }
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
                    "no model of that name; this server has " + String.join(", ", byName.keySet()));
        }
        return served;
    }

    /** Whether requests without a model name go to this one. */
    public boolean isDefault(ModelCard card) {
        return card.name().equals(defaultName);
    }

    /** Name of the model that requests without a model name go to. */
    public String defaultName() {
        return defaultName;
    }

    /** Whether a model of this name is served. */
    public boolean contains(String name) {
        return byName.containsKey(name);
    }

    /** What is served and where it queues, in the order of the configuration. */
    public Collection<Served> all() {
        return byName.values();
    }

    /** What is served, in the order of the configuration. */
    public List<ModelCard> cards() {
        return byName.values().stream().map(served -> served.model().card()).toList();
    }
}
