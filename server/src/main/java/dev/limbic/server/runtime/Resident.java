package dev.limbic.server.runtime;

import dev.limbic.model.Kind;
import dev.limbic.model.Loaded;
import dev.limbic.model.ModelCard;
import dev.limbic.server.batch.Pace;
import java.util.function.Supplier;

/**
 * A model's place on a host, which stays the same when the host loads its models anew.
 *
 * @param card of the model
 * @param source the model as the last loading made it
 * @param pace how long its batches take, as far as anyone has found out; language models have none
 */
public record Resident<M extends Loaded>(Kind<M> kind, ModelCard card, Supplier<M> source, Pace pace) {
    /** Name it is served under. */
    public String name() {
        return card.name();
    }

    /** The model as the last loading made it. */
    public M model() {
        return source.get();
    }

    /**
     * The same, of a kind that is known.
     *
     * @throws IllegalArgumentException if it is of another kind
     */
    @SuppressWarnings("unchecked") // a resident of a kind has the kind's type
    public <N extends Loaded> Resident<N> as(Kind<N> wanted) {
        if (kind != wanted) {
            throw new IllegalArgumentException(name() + " is of kind " + kind.name() + ", not " + wanted.name());
        }
        return (Resident<N>) this;
    }
}
