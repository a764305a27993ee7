package dev.limbic.ops;

import dev.limbic.tensor.DType;

/**
 * Keys and values of all layers in blocks of some tokens each, which sequences take and give back as they grow and end.
 * Storage is dense: [layers][blocks][2][keyHeads][blockTokens][size], keys before values. Only the thread that owns the
 * device may close it; closing twice is harmless.
 */
public interface KvCache extends AutoCloseable {
    /**
     * How much is kept and how it lies.
     *
     * @param layers of the model
     * @param keyHeads heads of keys and values
     * @param size columns per head
     * @param blockTokens tokens in one block
     * @param blocks blocks per layer; a block number means the same block in every layer
     * @param dtype what keys and values are rounded to when they are stored
     */
    record Layout(int layers, int keyHeads, int size, int blockTokens, int blocks, DType dtype) {
        public Layout {
            Checks.kvCache(layers, keyHeads, size, blockTokens, blocks);
        }

        /** Bytes of one token of one head. */
        public long rowBytes() {
            return (long) size * dtype.bytes();
        }

        /** Bytes of all layers. */
        public long bytes() {
            return Math.multiplyExact((long) layers * blocks * 2, (long) keyHeads * blockTokens * rowBytes());
        }
    }

    Layout layout();

    default int layers() {
        return layout().layers();
    }

    default int keyHeads() {
        return layout().keyHeads();
    }

    default int size() {
        return layout().size();
    }

    default int blockTokens() {
        return layout().blockTokens();
    }

    default int blocks() {
        return layout().blocks();
    }

    default DType dtype() {
        return layout().dtype();
    }

    /** Bytes of device memory held. */
    default long bytes() {
        return layout().bytes();
    }

    @Override
    void close();
}
