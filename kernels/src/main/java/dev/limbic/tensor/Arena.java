package dev.limbic.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * Scratch memory of one device: a bump allocator that is rewound, never freed piece by piece. After the largest
 * batch has been seen once it holds one block that fits, and the steady state allocates nothing.
 *
 * <p>Owned by the device's thread; not safe for others.
 */
public final class Arena implements AutoCloseable {
    /** Where blocks come from: host memory, device memory. */
    public interface Source {
        /** A block of at least {@code bytes}, aligned to {@link #ALIGNMENT}. */
        long allocate(long bytes);

        void free(long address);
    }

    /** Alignment of every allocation in bytes: a cache line, and the widest vector register. */
    public static final int ALIGNMENT = 64;

    private record Block(long address, long bytes) {}

    private final Source source;
    private final long minimumBlock;
    private final List<Block> blocks = new ArrayList<>();
    private int current;
    private long offset;
    private long blockAllocations;

    /**
     * @param source where blocks come from
     * @param minimumBlock size of the first block in bytes
     */
    public Arena(Source source, long minimumBlock) {
        this.source = source;
        this.minimumBlock = minimumBlock;
    }

    /** Address of {@code bytes} of uninitialised memory that lives until the arena is rewound past it. */
    public long allocate(long bytes) {
        long size = (bytes + ALIGNMENT - 1) & -ALIGNMENT;
        while (current < blocks.size()) {
            Block block = blocks.get(current);
            if (offset + size <= block.bytes) {
                long address = block.address + offset;
                offset += size;
                return address;
            }
            current++;
            offset = 0;
        }
        blocks.add(block(size));
        blockAllocations++;
        offset = size;
        return blocks.get(current).address;
    }

    /** A block with room for more than is asked for, or where memory is short, just for that. */
    private Block block(long size) {
        long generous = Math.max(size, Math.max(minimumBlock, 2 * capacity()));
        try {
            return new Block(source.allocate(generous), generous);
        } catch (RuntimeException shortage) {
            if (generous == size) {
                throw shortage;
            }
            return new Block(source.allocate(size), size);
        }
    }

    /** A position to {@link #rewind} to: everything allocated after it is given up at once. */
    public Mark mark() {
        return new Mark(current, offset);
    }

    /** See {@link #mark}. */
    public record Mark(int block, long offset) {}

    /** Gives up everything allocated since {@code mark}. */
    public void rewind(Mark mark) {
        current = mark.block;
        offset = mark.offset;
    }

    /** Gives up everything. Several blocks become one, so that the next batch of this size finds it in one piece. */
    public void reset() {
        if (blocks.size() > 1) {
            long total = capacity();
            close();
            blocks.add(new Block(source.allocate(total), total));
            blockAllocations++;
        }
        current = 0;
        offset = 0;
    }

    /** Bytes held, used or not. */
    public long capacity() {
        return blocks.stream().mapToLong(Block::bytes).sum();
    }

    /** How many blocks were ever taken from the source; constant in the steady state. */
    public long blockAllocations() {
        return blockAllocations;
    }

    private void release() {
        blocks.forEach(b -> source.free(b.address));
        blocks.clear();
    }

    @Override
    public void close() {
        release();
        current = 0;
        offset = 0;
    }
}
