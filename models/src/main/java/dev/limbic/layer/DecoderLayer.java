package dev.limbic.layer;

import dev.limbic.ops.KvCache;
import dev.limbic.ops.Ops;
import dev.limbic.tensor.Tensor;

/** One layer of a decoder. */
public interface DecoderLayer {
    /** hidden ← layer(hidden), in place, [T, H]; keys and values of the rows go to their slots of the cache's layer. */
    void forward(Ops ops, Tensor hidden, DecoderRows rows, KvCache cache, int layer);
}
