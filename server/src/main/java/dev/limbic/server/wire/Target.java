package dev.limbic.server.wire;

import dev.limbic.model.Kind;
import dev.limbic.model.Kinds;
import java.util.List;

/**
 * The model that a request is for, as it is counted.
 *
 * @param kinds of models that may answer it, first that of the default one
 * @param model as the client gave it: empty for the default one, and perhaps no model's name
 */
record Target(List<Kind<?>> kinds, String model) {
    /** In place of a model's name. */
    static final String UNKNOWN = "unknown";

    private static final List<Kind<?>> FACES = List.of(Kinds.IMAGE, Kinds.VIDEO);

    /** Of what came to no request. */
    static final Target NONE = new Target(List.of(Kinds.TEXT), UNKNOWN);

    /** A target that may be kept: what is too long to be a name is not. */
    static Target of(Kind<?> kind, String model) {
        return of(List.of(kind), model);
    }

    /** {@link #of} what reads faces. */
    static Target faces(String model) {
        return of(FACES, model);
    }

    private static Target of(List<Kind<?>> kinds, String model) {
        return new Target(kinds, CommonCodec.isLong(model) ? UNKNOWN : model);
    }
}
