package dev.limbic.ops;

import dev.limbic.tensor.DType;

/**
 * Keys and values of all layers in blocks of some tokens each, which sequences take and give back as they grow and end.
 * Storage is dense: [layers][blocks][2][keyHeads][blockTokens][size], keys before values. Only the thread that owns the
 * device may close it; closing twice is harmless.
 */
public interface KvCache extends AutoCloseable {
    int layers();

    /** Heads of keys and values. */
    int keyHeads();

    /** Columns per head. */
    int size();

    /** Tokens in one block. */
    int blockTokens();

    /** Blocks per layer; a block number means the same block in every layer. */
    int blocks();

    /** What keys and values are rounded to when they are stored. */
    DType dtype();

    /** Bytes of device memory held. */
    long bytes();

    @Override
    void close();
}
