package dev.limbic.ops.cpu;

import dev.limbic.ops.Checks;
import dev.limbic.ops.KvCache;
import dev.limbic.tensor.DType;

/** Keys and values in host memory. */
final class CpuKvCache implements KvCache {
    private final int layers;
    private final int keyHeads;
    private final int size;
    private final int blockTokens;
    private final int blocks;
    private final DType dtype;
    private long address;

    CpuKvCache(int layers, int keyHeads, int size, int blockTokens, int blocks, DType dtype) {
        Checks.kvCache(layers, keyHeads, size, blockTokens, blocks);
        if (dtype != DType.F32 && dtype != DType.BF16) {
            throw new IllegalArgumentException(
                    "kvCache: the CPU keeps keys and values as f32 or bf16, asked for " + dtype);
        }
        this.layers = layers;
        this.keyHeads = keyHeads;
        this.size = size;
        this.blockTokens = blockTokens;
        this.blocks = blocks;
        this.dtype = dtype;
        address = HostMemory.INSTANCE.allocate(bytes());
    }

    /** Bytes of one token of one head. */
    long rowBytes() {
        return (long) size * dtype.bytes();
    }

    /** Address of the first token's key of a block. */
    long keys(int layer, int block, int head) {
        if (address == 0) {
            throw new IllegalStateException("the cache is closed");
        }
        return address + (((long) layer * blocks + block) * 2 * keyHeads + head) * blockTokens * rowBytes();
    }

    /** From a token's key to its value. */
    long toValues() {
        return (long) keyHeads * blockTokens * rowBytes();
    }

    @Override
    public int layers() {
        return layers;
    }

    @Override
    public int keyHeads() {
        return keyHeads;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int blockTokens() {
        return blockTokens;
    }

    @Override
    public int blocks() {
        return blocks;
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public long bytes() {
        return Math.multiplyExact((long) layers * blocks * 2, (long) keyHeads * blockTokens * rowBytes());
    }

    @Override
    public void close() {
        if (address != 0) {
            HostMemory.INSTANCE.free(address);
            address = 0;
        }
    }
}
