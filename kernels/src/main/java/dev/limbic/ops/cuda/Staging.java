package dev.limbic.ops.cuda;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/**
 * Pinned host memory that copies go through: only from there does the chip copy while the processor goes on. What was
 * taken must stay as it is until the stream has been waited for; then {@link #reset} starts over.
 */
final class Staging implements AutoCloseable {
    private static final int ALIGNMENT = 64;

    /** A piece of pinned memory: as JCuda and as we see it. */
    record Piece(Pointer pointer, MemorySegment memory) {}

    private final CudaContext context;
    private final List<Pointer> retired = new ArrayList<>();
    private Pointer block = new Pointer();
    private MemorySegment memory = MemorySegment.NULL;
    private long used;

    Staging(CudaContext context, long bytes) {
        this.context = context;
        grow(bytes);
    }

    Piece take(long bytes) {
        if (used + bytes > memory.byteSize()) {
            Pointer full = block;
            grow(Math.max(2 * memory.byteSize(), 2 * bytes));
            retired.add(full); // copies from it may be under way
        }
        long at = used;
        used += (bytes + ALIGNMENT - 1) & -ALIGNMENT;
        return new Piece(block.withByteOffset(at), memory.asSlice(at, bytes));
    }

    private void grow(long bytes) {
        Pointer pinned = new Pointer();
        Check.driver(JCudaDriver.cuMemAllocHost(pinned, bytes), "cuMemAllocHost of " + bytes + " bytes");
        block = pinned;
        ByteBuffer view = pinned.getByteBuffer(0, bytes);
        memory = MemorySegment.ofBuffer(view);
        used = 0;
    }

    /** Only when the stream is idle. */
    void reset() {
        retired.forEach(JCudaDriver::cuMemFreeHost);
        retired.clear();
        used = 0;
    }

    @Override
    public void close() {
        context.enter();
        reset();
        JCudaDriver.cuMemFreeHost(block);
    }
}
