package dev.limbic.model;

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
 */
public record Loading(
        Path folder, String name, Device device, @Nullable Precision precision, long cacheBytes) {
    /** A model that has no cache. */
    public Loading(Path folder, String name, Device device, @Nullable Precision precision) {
        this(folder, name, device, precision, 0);
    }
}
