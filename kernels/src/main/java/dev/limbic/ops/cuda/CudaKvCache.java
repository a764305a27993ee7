package dev.limbic.ops.cuda;

import dev.limbic.ops.KvCache;
import dev.limbic.tensor.DType;
import jcuda.driver.JCudaDriver;

/** Keys and values in device memory. */
final class CudaKvCache implements KvCache {
    private final CudaContext context;
    private final DeviceMemory memory;
    private final Graphs graphs;
    private final Layout layout;
    private long address;

    CudaKvCache(CudaContext context, DeviceMemory memory, Graphs graphs, Layout layout) {
        DType dtype = layout.dtype();
        if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.BF16) {
            throw new IllegalArgumentException(
                    "kvCache: CUDA keeps keys and values as f32, f16 or bf16, asked for " + dtype);
        }
        this.context = context;
        this.memory = memory;
        this.graphs = graphs;
        this.layout = layout;
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
        return address + bytes() / layers() * layer;
    }

    @Override
    public Layout layout() {
        return layout;
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
