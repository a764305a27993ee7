package dev.limbic.ops;

import dev.limbic.tensor.Tensor;

/** What is done to pictures, of which none depends on another. */
public interface PictureWork {
    /**
     * Calls operations only, of {@code ops} only: no uploads, no downloads.
     *
     * @param ops for the calling thread, which may be another one than the device's owner
     * @param x rows of the pictures, not to be changed
     * @return as many rows for each picture
     */
    Tensor run(Ops ops, Tensor x, Planes planes);
}
