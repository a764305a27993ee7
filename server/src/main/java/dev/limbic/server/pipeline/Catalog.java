package dev.limbic.server.pipeline;

import dev.limbic.domain.Input;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Prepared;
import dev.limbic.model.BatchKind;
import dev.limbic.model.Kind;
import dev.limbic.model.Kinds;
import dev.limbic.model.ModelCard;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The models that are served, by name, and for each kind the one that is meant where no name is given. Immutable. */
public final class Catalog {
    private final Map<String, Served> byName = new LinkedHashMap<>();
    private final Map<Kind<?>, Served> defaults = new HashMap<>();

    /**
     * A catalog of models.
     *
     * @param served in the order in which clients shall see them
     * @param preferred names of those that requests without a name go to; of a kind without one, the first
     * @throws IllegalArgumentException if two have one name, or two of one kind are preferred
     */
    public Catalog(List<Served> served, Set<String> preferred) {
        for (Served each : served) {
            if (byName.put(each.name(), each) != null) {
                throw new IllegalArgumentException("two models are called " + each.name());
            }
            if (preferred.contains(each.name())) {
                Served other = defaults.put(each.kind(), each);
                if (other != null) {
                    throw new IllegalArgumentException("models '%s' and '%s' are both the default one of kind %s"
                            .formatted(other.name(), each.name(), each.kind().name()));
                }
            }
        }
        served.forEach(each -> defaults.putIfAbsent(each.kind(), each));
    }

    /**
     * The model of a kind and name, or the kind's default one if the name is empty.
     *
     * @throws LimbicException.NotFound if there is none
     */
    @SuppressWarnings("unchecked") // what is served of a kind has the kind's types
    public <I extends Input, P extends Prepared, R, A> ServedModel<I, P, R, A> named(
            BatchKind<I, P, R, A> kind, String name) {
        return (ServedModel<I, P, R, A>) any(name, kind);
    }

    /**
     * The language model of a name, or the default one if the name is empty.
     *
     * @throws LimbicException.NotFound if there is none
     */
    public ServedLanguage language(String name) {
        return (ServedLanguage) any(name, Kinds.LANGUAGE);
    }

    /**
     * The model of a name that reads faces: of kind image, or of kind video, which remembers. The default one of kind image
     * if the name is empty.
     *
     * @throws LimbicException.NotFound if there is none
     */
    public Served faceReader(String name) {
        return name.isEmpty() ? any(name, Kinds.IMAGE) : any(name, Kinds.IMAGE, Kinds.VIDEO);
    }

    /** @param kinds one of them, if a name is given; without a name only one */
    private Served any(String name, Kind<?>... kinds) {
        List<Kind<?>> wanted = List.of(kinds);
        Served served = find(wanted, name);
        if (served == null) {
            List<String> names = byName.values().stream()
                    .filter(each -> wanted.contains(each.kind()))
                    .map(Served::name)
                    .toList();
            String what = wanted.stream().map(Kind::name).collect(Collectors.joining(" or "));
            throw new LimbicException.NotFound(
                    names.isEmpty()
                            ? "this server has no %s model; see models in its configuration".formatted(what)
                            : "no %s model of that name; this server has %s".formatted(what, String.join(", ", names)));
        }
        return served;
    }

    /** Whether any model of a kind is served. */
    public boolean has(Kind<?> kind) {
        return defaults.containsKey(kind);
    }

    /**
     * The name of the model that a request means, or {@code otherwise} if there is none of these kinds and that name.
     *
     * @param kinds first that of the model which is meant without a name
     */
    public String nameOr(List<Kind<?>> kinds, String name, String otherwise) {
        Served served = find(kinds, name);
        return served == null ? otherwise : served.name();
    }

    private @Nullable Served find(List<Kind<?>> kinds, String name) {
        Served served = name.isEmpty() ? defaults.get(kinds.getFirst()) : byName.get(name);
        return served == null || !kinds.contains(served.kind()) ? null : served;
    }

    /** Whether requests without a name go to this one. */
    public boolean isDefault(ModelCard card) {
        return defaults.values().stream().anyMatch(each -> each.name().equals(card.name()));
    }

    /** What is served, in the order of the configuration. */
    public Collection<Served> all() {
        return byName.values();
    }

    /** What is served, in the order of the configuration. */
    public List<ModelCard> cards() {
        return byName.values().stream().map(Served::card).toList();
    }
}
