package dev.limbic.server.pipeline;

import dev.limbic.model.Kind;
import dev.limbic.model.ModelCard;

/** A model that is served, and the way of its work onto a device. */
public sealed interface Served permits ServedModel, ServedLanguage {
    /** What it is a model for. */
    Kind<?> kind();

    /** What it is. */
    ModelCard card();

    /** Name it is served under. */
    default String name() {
        return card().name();
    }

    /** Work that waits for its device. */
    int depth();
}
