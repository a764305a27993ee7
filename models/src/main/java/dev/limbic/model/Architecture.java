package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.weights.HfDirectory;

/**
 * How folders that name an architecture in {@code config.json} are loaded.
 *
 * @param bearsInt8 whether {@code precision: auto} may mean int8
 * @param <M> what they become
 */
record Architecture<M extends Loaded>(Kind<M> kind, boolean bearsInt8, Loader<M> loader) {
    /** Loads an open folder. */
    interface Loader<M> {
        M load(HfDirectory directory, Loading loading, Precision precision);
    }

    /** Whose results survive eight bits, as measured in bench/results and docs/cpu-engine.md. */
    Architecture<M> withInt8() {
        return new Architecture<>(kind, true, loader);
    }

    M load(HfDirectory directory, Loading loading) {
        Precision wanted = loading.precision();
        return loader.load(directory, loading, wanted != null ? wanted : automatic(loading.device()));
    }

    Precision automatic(Device device) {
        return kind.automatic(device, bearsInt8);
    }
}
