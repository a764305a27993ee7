package dev.limbic.ops.cpu;

import dev.limbic.ops.KvCache;
import dev.limbic.tensor.DType;

/** Keys and values in host memory. */
final class CpuKvCache implements KvCache {
    private final Layout layout;
    private final DType products;
    private long address;

    /** @param products type in which prompts multiply with keys and values, F32 or BF16 */
    CpuKvCache(Layout layout, DType products) {
        DType dtype = layout.dtype();
        if (dtype != DType.F32 && dtype != DType.BF16) {
            throw new IllegalArgumentException(
                    "kvCache: the CPU keeps keys and values as f32 or bf16, asked for " + dtype);
        }
        this.layout = layout;
        this.products = products;
        address = HostMemory.INSTANCE.allocate(layout.bytes());
    }

    @Override
    public Layout layout() {
        return layout;
    }

    /** Type in which prompts multiply with keys and values. */
    DType products() {
        return products;
    }

    /** Bytes of one token of one head. */
    long rowBytes() {
        return layout.rowBytes();
    }

    /** Address of the first token's key of a block. */
    long keys(int layer, int block, int head) {
        if (address == 0) {
            throw new IllegalStateException("the cache is closed");
        }
        return address + (((long) layer * blocks() + block) * 2 * keyHeads() + head) * blockTokens() * rowBytes();
    }

    /** From a token's key to its value. */
    long toValues() {
        return (long) keyHeads() * blockTokens() * rowBytes();
    }

    @Override
    public void close() {
        if (address != 0) {
            HostMemory.INSTANCE.free(address);
            address = 0;
        }
    }
}
