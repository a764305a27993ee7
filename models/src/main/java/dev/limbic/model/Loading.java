package dev.limbic.model;

import dev.limbic.domain.StreamSlots;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A model that shall be loaded.
 *
 * @param folder a Hugging Face model folder
 * @param name under which it is served
 * @param precision of its products, or null for the fastest that keeps the accuracy
 * @param cacheBytes most memory for the cache of keys and values; only language models have one
 * @param slots of its streams, the same whenever it is loaded again; only models that remember have any
 */
public record Loading(
        Path folder, String name, Device device, @Nullable Precision precision, long cacheBytes, StreamSlots slots) {
    /** A model that remembers no streams, or the usual number of them. */
    public Loading(Path folder, String name, Device device, @Nullable Precision precision, long cacheBytes) {
        this(folder, name, device, precision, cacheBytes, new StreamSlots(StreamSlots.USUAL));
    }

    /** A model that has no cache either. */
    public Loading(Path folder, String name, Device device, @Nullable Precision precision) {
        this(folder, name, device, precision, 0);
    }
}
