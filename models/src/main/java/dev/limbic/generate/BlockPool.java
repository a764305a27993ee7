package dev.limbic.generate;

/**
 * The blocks of a paged key-value cache and who counts on them. A block is in use while somebody holds a reference; with
 * the last reference it is free again. Every operation takes constant time. Not thread-safe.
 */
public final class BlockPool {
    /** Answer of {@link #allocate} when nothing is free. */
    static final int NONE = -1;

    private final int blockTokens;
    private final int[] references;
    private final int[] free;
    private int freeCount;

    /**
     * A pool of which everything is free.
     *
     * @param blocks number of blocks, at least 1
     * @param blockTokens tokens that a block holds, at least 1
     */
    public BlockPool(int blocks, int blockTokens) {
        if (blocks < 1 || blockTokens < 1 || (long) blocks * blockTokens > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "expected at least one block of at least one token and at most 2^31 - 1 tokens, found %d blocks of %d tokens"
                            .formatted(blocks, blockTokens));
        }
        this.blockTokens = blockTokens;
        this.references = new int[blocks];
        this.free = new int[blocks];
        for (int i = 0; i < blocks; i++) {
            free[i] = blocks - 1 - i; // a stack: block 0 leaves first
        }
        this.freeCount = blocks;
    }

    /** Takes a free block with one reference, or {@link #NONE}. */
    int allocate() {
        if (freeCount == 0) {
            return NONE;
        }
        int block = free[--freeCount];
        references[block] = 1;
        return block;
    }

    /** Adds a reference to a block in use. */
    void share(int block) {
        requireInUse(block);
        references[block]++;
    }

    /** Gives one reference back and returns how many are left; with none left the block is free. */
    int release(int block) {
        requireInUse(block);
        int left = --references[block];
        if (left == 0) {
            free[freeCount++] = block;
        }
        return left;
    }

    /** References to a block; 0 for a free one. */
    int references(int block) {
        return references[block];
    }

    /** Blocks that somebody holds. */
    public int inUse() {
        return references.length - freeCount;
    }

    /** Blocks that nobody holds. */
    public int free() {
        return freeCount;
    }

    /** Number of blocks. */
    public int blocks() {
        return references.length;
    }

    /** Tokens that a block holds. */
    public int blockTokens() {
        return blockTokens;
    }

    /** Tokens that all blocks hold. */
    public int tokens() {
        return references.length * blockTokens;
    }

    /** Blocks that so many tokens need. */
    int blocksFor(int tokens) {
        return (tokens + blockTokens - 1) / blockTokens;
    }

    private void requireInUse(int block) {
        if (references[block] == 0) {
            throw new IllegalStateException("block %d is free".formatted(block));
        }
    }
}
