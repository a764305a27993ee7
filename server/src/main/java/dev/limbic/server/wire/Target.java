package dev.limbic.server.wire;

import dev.limbic.model.Kind;
import dev.limbic.model.Kinds;

/**
 * The model that a request is for, as it is counted.
 *
 * @param model as the client gave it: empty for the default one, and perhaps no model's name
 */
record Target(Kind<?> kind, String model) {
    /** In place of a model's name. */
    static final String UNKNOWN = "unknown";

    /** Of what came to no request. */
    static final Target NONE = new Target(Kinds.TEXT, UNKNOWN);

    /** A target that may be kept: what is too long to be a name is not. */
    static Target of(Kind<?> kind, String model) {
        return new Target(kind, CommonCodec.isLong(model) ? UNKNOWN : model);
    }
}
