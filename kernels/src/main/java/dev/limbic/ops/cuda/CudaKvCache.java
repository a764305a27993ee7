package dev.limbic.ops.cuda;

import dev.limbic.ops.Checks;
import dev.limbic.ops.KvCache;
import dev.limbic.tensor.DType;
import jcuda.driver.JCudaDriver;

/** Keys and values in device memory. */
final class CudaKvCache implements KvCache {
    private final CudaContext context;
    private final DeviceMemory memory;
    private final Graphs graphs;
    private final int layers;
    private final int keyHeads;
    private final int size;
    private final int blockTokens;
    private final int blocks;
    private final DType dtype;
    private long address;

    CudaKvCache(
            CudaContext context,
            DeviceMemory memory,
            Graphs graphs,
            int layers,
            int keyHeads,
            int size,
            int blockTokens,
            int blocks,
            DType dtype) {
        Checks.kvCache(layers, keyHeads, size, blockTokens, blocks);
        if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.BF16) {
            throw new IllegalArgumentException(
                    "kvCache: CUDA keeps keys and values as f32, f16 or bf16, asked for " + dtype);
        }
        this.context = context;
        this.memory = memory;
        this.graphs = graphs;
        this.layers = layers;
        this.keyHeads = keyHeads;
        this.size = size;
        this.blockTokens = blockTokens;
        this.blocks = blocks;
        this.dtype = dtype;
        context.enter();
        address = memory.allocate(bytes());
        int status = JCudaDriver.cuMemsetD8Async(Address.device(address), (byte) 0, bytes(), context.stream);
        if (status != 0) {
            close();
            Check.driver(status, "cuMemsetD8Async of a cache");
        }
    }

    /** Where a layer's blocks begin. */
    long layer(int layer) {
        if (address == 0) {
            throw new IllegalStateException("the cache is closed");
        }
        return address + bytes() / layers * layer;
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
        return Math.multiplyExact((long) layers * blocks * 2, (long) keyHeads * blockTokens * size * dtype.bytes());
    }

    @Override
    public void close() {
        if (address != 0) {
            context.enter();
            graphs.close(); // they hold this address
            long freed = address;
            address = 0;
            memory.free(freed);
        }
    }
}
