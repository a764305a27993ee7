package dev.limbic.ops.cpu;

import dev.limbic.tensor.Arena;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.Pointer;

/** Host memory outside the Java heap, zeroed, aligned to a cache line, from 2 MB on to a large page. */
final class HostMemory implements Arena.Source {
    static final HostMemory INSTANCE = new HostMemory();

    /** Slack behind each block: vector kernels and padded rows may read, never write, past the last element. */
    private static final long SLACK = 4096;

    private final AtomicLong liveBlocks = new AtomicLong();

    private HostMemory() {}

    /** Blocks allocated and not yet freed, in the whole process: what tests of leaks count. */
    long liveBlocks() {
        return liveBlocks.get();
    }

    @Override
    public long allocate(long bytes) {
        long alignment = bytes >= HugePages.BYTES ? HugePages.BYTES : Arena.ALIGNMENT;
        // The base address is kept in front of the aligned block, as the C library's own allocators do.
        Pointer block = Pointer.malloc(bytes + SLACK + Arena.ALIGNMENT + alignment);
        if (block == null || block.isNull()) {
            throw new OutOfMemoryError("cannot allocate " + bytes + " bytes of native memory");
        }
        liveBlocks.incrementAndGet();
        long base = block.address();
        long aligned = (base + Arena.ALIGNMENT + alignment - 1) & -alignment;
        HugePages.advise(aligned, bytes);
        Ram.setLong(aligned - Long.BYTES, base);
        Ram.fill(aligned, bytes + SLACK - Arena.ALIGNMENT, (byte) 0);
        return aligned;
    }

    @Override
    public void free(long address) {
        liveBlocks.decrementAndGet();
        Pointer.free(new OneDnn.Address().to(Ram.getLong(address - Long.BYTES)));
    }
}
