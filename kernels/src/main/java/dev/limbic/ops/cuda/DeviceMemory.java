package dev.limbic.ops.cuda;

import dev.limbic.tensor.Arena;
import java.util.concurrent.atomic.AtomicLong;
import jcuda.driver.JCudaDriver;

/** Blocks of device memory, counted so that tests find leaks. */
final class DeviceMemory implements Arena.Source {
    private final AtomicLong live = new AtomicLong();

    @Override
    public long allocate(long bytes) {
        Address.Result address = new Address.Result();
        Check.driver(JCudaDriver.cuMemAlloc(address, Math.max(1, bytes)), "cuMemAlloc of " + bytes + " bytes");
        live.incrementAndGet();
        return address.address();
    }

    @Override
    public void free(long address) {
        Check.driver(JCudaDriver.cuMemFree(Address.device(address)), "cuMemFree");
        live.decrementAndGet();
    }

    /** Blocks that were taken and not given back. */
    long liveBlocks() {
        return live.get();
    }
}
