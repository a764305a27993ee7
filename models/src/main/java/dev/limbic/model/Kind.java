package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.weights.HfDirectory;

/**
 * One kind of models: how folders of its architectures are loaded, and what the server must know to serve any of them.
 * {@link Kinds} lists them.
 *
 * @param <M> what such a folder becomes on a device
 */
public abstract sealed class Kind<M extends Loaded> permits BatchKind, LanguageKind {
    private final String name;

    Kind(String name) {
        this.name = name;
    }

    /** Name for people and for clients, such as {@code text}. */
    public final String name() {
        return name;
    }

    /**
     * Loads a folder of this kind.
     *
     * @throws dev.limbic.weights.WeightsException if it is of another kind, or anything in it is wrong or not supported
     * @throws dev.limbic.preprocess.text.TokenizerException if its tokeniser is
     * @throws IllegalArgumentException if what was asked for cannot be
     */
    public final M load(Loading loading) {
        try (HfDirectory directory = HfDirectory.open(loading.folder())) {
            return ModelRegistry.architecture(directory.config(), this).load(directory, loading);
        }
    }

    /**
     * The precision that {@code auto} means: the fastest that this chip has instructions for, among those that keep the
     * accuracy.
     *
     * @param bearsInt8 whether the architecture was measured to
     */
    abstract Precision automatic(Device device, boolean bearsInt8);
}
