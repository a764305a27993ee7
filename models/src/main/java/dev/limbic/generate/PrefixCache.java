package dev.limbic.generate;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the blocks of a {@link BlockPool} and remembers the full ones of shared prefixes (a persona, a system
 * prompt) by the token ids that lead to them, so that a prefix is computed once. A block that is not full is never
 * shared, hence nothing shared is ever written again. Not thread-safe.
 *
 * <p>The cache holds one reference to each block that it remembers. A remembered block that no sequence holds is
 * <em>idle</em>: it is forgotten, least recently used first, when a block is needed and none is free.
 *
 * <p>A sequence that holds a remembered block holds those before it too, and gives back the last one first. So a block
 * never becomes idle after those that lead to it, the oldest idle block has no descendants, and forgetting it cuts
 * nobody off.
 */
final class PrefixCache {
    /** Token ids of one block, compared by value. */
    private record Content(int[] ids) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Content content && Arrays.equals(ids, content.ids);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(ids);
        }
    }

    /** A remembered block behind those of its ancestors; a member of the list of idle nodes while nobody holds it. */
    private static final class Node {
        final @Nullable Node parent;
        final Content content;
        final int block;
        final Map<Content, Node> children = new HashMap<>();

        @Nullable
        Node older;

        @Nullable
        Node newer;

        Node(@Nullable Node parent, Content content, int block) {
            this.parent = parent;
            this.content = content;
            this.block = block;
        }
    }

    private final BlockPool pool;
    private final @Nullable Node[] nodes;
    private final Node root = new Node(null, new Content(new int[0]), BlockPool.NONE);
    private @Nullable Node oldest;
    private @Nullable Node newest;
    private int idle;

    PrefixCache(BlockPool pool) {
        this.pool = pool;
        this.nodes = new Node[pool.blocks()];
    }

    /** Blocks that {@link #allocate} can still give: free or idle. */
    int available() {
        return pool.free() + idle;
    }

    /** Blocks that sequences hold. */
    int held() {
        return pool.inUse() - idle;
    }

    /** Remembered blocks that no sequence holds. */
    int idle() {
        return idle;
    }

    /** Takes a block that nobody else holds, or {@link BlockPool#NONE}. */
    int allocate() {
        if (pool.free() == 0 && oldest != null) {
            forget(oldest);
        }
        return pool.allocate();
    }

    /** Gives a sequence's reference back; the blocks of a sequence are released from the last to the first. */
    void release(int block) {
        Node node = nodes[block];
        if (pool.release(block) == 1 && node != null) {
            makeIdle(node);
        }
    }

    /**
     * Finds remembered blocks that hold the beginning of {@code ids} and takes a reference to each.
     *
     * @param limit how many blocks to look for at most
     * @param blocks receives them from index 0 on
     * @return how many were found
     */
    int acquire(int[] ids, int limit, int[] blocks) {
        Node node = root;
        for (int i = 0; i < limit; i++) {
            Node child = node.children.get(content(ids, i));
            if (child == null) {
                return i;
            }
            hold(child);
            blocks[i] = child.block;
            node = child;
        }
        return limit;
    }

    /**
     * Remembers block {@code index} of a sequence, which is full, computed and held by the caller like those before it.
     * Where another block with that content is remembered, the caller's one is given back and that one is put in its
     * place. Does nothing if the block before is not remembered, because the cache was cleared in between.
     */
    void remember(int[] ids, int index, int[] blocks) {
        Node parent = index == 0 ? root : nodes[blocks[index - 1]];
        if (parent == null) {
            return;
        }
        Content content = content(ids, index);
        Node known = parent.children.get(content);
        if (known == null) {
            Node node = new Node(parent, content, blocks[index]);
            parent.children.put(content, node);
            nodes[node.block] = node;
            pool.share(node.block);
        } else if (known.block != blocks[index]) {
            hold(known);
            pool.release(blocks[index]);
            blocks[index] = known.block;
        }
    }

    /** Forgets everything; blocks that sequences hold stay theirs. */
    void clear() {
        for (Node node : nodes) {
            if (node != null) {
                if (pool.references(node.block) == 1) {
                    unlink(node);
                }
                drop(node);
            }
        }
    }

    private Content content(int[] ids, int index) {
        int size = pool.blockTokens();
        return new Content(Arrays.copyOfRange(ids, index * size, (index + 1) * size));
    }

    private void hold(Node node) {
        if (pool.references(node.block) == 1) {
            unlink(node);
        }
        pool.share(node.block);
    }

    private void forget(Node node) {
        unlink(node);
        drop(node);
    }

    private void drop(Node node) {
        if (node.parent != null) {
            node.parent.children.remove(node.content);
        }
        nodes[node.block] = null;
        pool.release(node.block);
    }

    private void makeIdle(Node node) {
        node.older = newest;
        node.newer = null;
        if (newest == null) {
            oldest = node;
        } else {
            newest.newer = node;
        }
        newest = node;
        idle++;
    }

    private void unlink(Node node) {
        if (node.older == null) {
            oldest = node.newer;
        } else {
            node.older.newer = node.newer;
        }
        if (node.newer == null) {
            newest = node.older;
        } else {
            node.newer.older = node.older;
        }
        node.older = null;
        node.newer = null;
        idle--;
    }
}
