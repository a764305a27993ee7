package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BlockPoolTest {
    @Test
    void givesEachBlockOnceUntilNoneIsLeft() {
        BlockPool pool = new BlockPool(5, 16);
        Set<Integer> given = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            assertThat(pool.inUse()).isEqualTo(i);
            given.add(pool.allocate());
        }
        assertThat(given).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
        assertThat(pool.allocate()).isEqualTo(BlockPool.NONE);
        assertThat(pool.free()).isZero();
        assertThat(pool.tokens()).isEqualTo(80);
    }

    @Test
    void aSharedBlockIsFreeWithItsLastReference() {
        BlockPool pool = new BlockPool(1, 1);
        int block = pool.allocate();
        pool.share(block);
        assertThat(pool.release(block)).isEqualTo(1);
        assertThat(pool.allocate()).isEqualTo(BlockPool.NONE);
        assertThat(pool.release(block)).isZero();
        assertThat(pool.inUse()).isZero();
        assertThat(pool.allocate()).isEqualTo(block);
    }

    @Test
    void aFreeBlockCanNeitherBeReleasedNorShared() {
        BlockPool pool = new BlockPool(2, 4);
        int block = pool.allocate();
        pool.release(block);
        assertThatThrownBy(() -> pool.release(block)).hasMessage("block %d is free".formatted(block));
        assertThatThrownBy(() -> pool.share(block)).isInstanceOf(IllegalStateException.class);
        assertThat(pool.free()).isEqualTo(2);
    }

    @Test
    void countsTheBlocksThatTokensNeed() {
        BlockPool pool = new BlockPool(4, 16);
        assertThat(pool.blocksFor(0)).isZero();
        assertThat(pool.blocksFor(1)).isEqualTo(1);
        assertThat(pool.blocksFor(16)).isEqualTo(1);
        assertThat(pool.blocksFor(17)).isEqualTo(2);
    }

    @Test
    void refusesWhatIsNoPool() {
        for (int[] each : new int[][] {{0, 1}, {1, 0}, {-1, 4}, {1 << 20, 1 << 20}}) {
            assertThatThrownBy(() -> new BlockPool(each[0], each[1]))
                    .hasMessageContaining("expected at least one block");
        }
    }

    @Test
    void aRandomLifeKeepsTheBooks() {
        Random random = new Random(4);
        BlockPool pool = new BlockPool(7, 8);
        Deque<Integer> references = new ArrayDeque<>();
        for (int i = 0; i < 20_000; i++) {
            switch (random.nextInt(3)) {
                case 0 -> {
                    int block = pool.allocate();
                    assertThat(block == BlockPool.NONE).isEqualTo(new HashSet<>(references).size() == 7);
                    if (block != BlockPool.NONE) {
                        assertThat(references).doesNotContain(block);
                        references.add(block);
                    }
                }
                case 1 -> {
                    if (!references.isEmpty() && references.size() < 40) {
                        int block = references.getFirst();
                        pool.share(block);
                        references.addLast(block);
                    }
                }
                default -> {
                    if (!references.isEmpty()) {
                        pool.release(random.nextBoolean() ? references.removeFirst() : references.removeLast());
                    }
                }
            }
            assertThat(pool.inUse()).isEqualTo(new HashSet<>(references).size());
        }
    }
}
