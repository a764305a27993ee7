package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
    private static final int TOKENS = 2;

    private final BlockPool pool = new BlockPool(6, TOKENS);
    private final PrefixCache cache = new PrefixCache(pool);

    /** Computes and remembers the full blocks of a prefix as a sequence does, and holds them. */
    private int[] computed(int... ids) {
        int[] blocks = new int[ids.length / TOKENS];
        int found = cache.acquire(ids, blocks.length, blocks);
        for (int i = found; i < blocks.length; i++) {
            blocks[i] = cache.allocate();
            cache.remember(ids, i, blocks);
        }
        return blocks;
    }

    private void release(int[] blocks) {
        for (int i = blocks.length - 1; i >= 0; i--) {
            cache.release(blocks[i]);
        }
    }

    private int found(int... ids) {
        int[] blocks = new int[ids.length / TOKENS];
        int found = cache.acquire(ids, blocks.length, blocks);
        release(Arrays.copyOf(blocks, found));
        return found;
    }

    @Test
    void aPrefixIsFoundBlockByBlock() {
        int[] first = computed(1, 2, 3, 4);
        int[] second = computed(1, 2, 3, 4);
        assertThat(second).isEqualTo(first);
        assertThat(cache.held()).isEqualTo(2);
        assertThat(found(1, 2, 3, 5)).isEqualTo(1);
        assertThat(found(1, 2)).isEqualTo(1);
        assertThat(found(3, 4))
                .as("the same ids after another beginning are another block")
                .isZero();
        release(first);
        assertThat(cache.held()).isEqualTo(2);
        release(second);
        assertThat(cache.held()).isZero();
        assertThat(cache.idle()).isEqualTo(2);
        assertThat(found(1, 2, 3, 4)).isEqualTo(2);
    }

    @Test
    void theLeastRecentlyUsedGoesFirstAndItsBeginningLast() {
        release(computed(1, 2, 3, 4));
        release(computed(5, 6));
        found(1, 2, 3, 4); // used once more
        for (int i = 0; i < 4; i++) {
            assertThat(cache.allocate()).isNotEqualTo(BlockPool.NONE);
        }
        assertThat(found(5, 6)).as("the oldest is forgotten").isZero();
        assertThat(found(1, 2, 3, 4)).isEqualTo(2);
        cache.allocate();
        assertThat(found(1, 2, 3, 4)).as("the end goes before the beginning").isEqualTo(1);
        cache.allocate();
        assertThat(cache.available()).isZero();
        assertThat(cache.allocate()).isEqualTo(BlockPool.NONE);
    }

    @Test
    void whatASequenceHoldsIsNotForgotten() {
        int[] held = computed(1, 2, 3, 4);
        for (int i = 0; i < 4; i++) {
            cache.allocate();
        }
        assertThat(cache.allocate()).isEqualTo(BlockPool.NONE);
        assertThat(found(1, 2, 3, 4)).isEqualTo(2);
        release(held);
        assertThat(cache.allocate()).isEqualTo(held[1]);
    }

    @Test
    void aBlockComputedTwiceIsKeptOnce() {
        int[] ids = {1, 2, 3, 4};
        int[] mine = {cache.allocate(), cache.allocate()};
        int[] yours = {cache.allocate(), cache.allocate()};
        cache.remember(ids, 0, mine);
        cache.remember(ids, 0, yours);
        assertThat(yours[0]).isEqualTo(mine[0]);
        assertThat(cache.held()).isEqualTo(3);
        cache.remember(ids, 1, yours);
        cache.remember(ids, 1, mine);
        assertThat(mine).isEqualTo(yours);
        assertThat(cache.held()).isEqualTo(2);
        release(mine);
        release(yours);
        assertThat(cache.idle()).isEqualTo(2);
        cache.clear();
        assertThat(pool.inUse()).isZero();
    }

    @Test
    void aBlockIsRememberedOnlyBehindItsBeginning() {
        int[] blocks = {cache.allocate(), cache.allocate()};
        cache.remember(new int[] {1, 2, 3, 4}, 1, blocks);
        release(blocks);
        assertThat(cache.idle()).isZero();
        assertThat(pool.inUse()).isZero();
    }

    @Test
    void clearedWhileHeldTheBlocksStayWithTheirHolders() {
        int[] held = computed(1, 2, 3, 4);
        release(computed(7, 8));
        cache.clear();
        assertThat(cache.held()).isEqualTo(2);
        assertThat(cache.idle()).isZero();
        assertThat(found(1, 2)).isZero();
        release(held);
        assertThat(pool.inUse()).isZero();
    }

    @Test
    void aRandomLifeLosesNoBlock() {
        Random random = new Random(8);
        List<int[]> held = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            if (random.nextBoolean() && cache.available() >= 3) {
                int[] ids = new int[2 * random.nextInt(1, 4)];
                Arrays.setAll(ids, i -> random.nextInt(2));
                held.add(computed(ids));
            } else if (!held.isEmpty()) {
                release(held.remove(random.nextInt(held.size())));
            }
            Set<Integer> distinct = new HashSet<>();
            held.forEach(blocks -> Arrays.stream(blocks).forEach(distinct::add));
            assertThat(cache.held()).isEqualTo(distinct.size());
            assertThat(cache.available()).isEqualTo(pool.blocks() - distinct.size());
        }
        held.forEach(this::release);
        cache.clear();
        assertThat(pool.inUse()).isZero();
    }
}
