package dev.limbic.model;

/** A model on a device. Closing it gives its memory back and belongs to the thread that owns the device. */
public interface Loaded extends AutoCloseable {
    /** What this model is. */
    ModelCard card();

    @Override
    void close();
}
