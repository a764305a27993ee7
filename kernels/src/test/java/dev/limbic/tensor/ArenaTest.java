package dev.limbic.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ArenaTest {
    /** Addresses without memory behind them; remembers what is live, and fails on demand. */
    private static final class Book implements Arena.Source {
        final Map<Long, Long> live = new HashMap<>();
        long next = 4096;
        boolean full;
        long room = Long.MAX_VALUE;

        @Override
        public long allocate(long bytes) {
            if (full) {
                throw new OutOfMemoryError("full");
            }
            if (bytes > room) {
                throw new IllegalStateException("no room for " + bytes);
            }
            long address = next;
            live.put(address, bytes);
            next += (bytes + 8191) / 4096 * 4096;
            return address;
        }

        @Override
        public void free(long address) {
            assertThat(live.remove(address)).as("block at %s", address).isNotNull();
        }
    }

    private final Book book = new Book();
    private final Arena arena = new Arena(book, 1024);

    private boolean inLiveBlock(long address, long bytes) {
        return book.live.entrySet().stream()
                .anyMatch(b -> address >= b.getKey() && address + bytes <= b.getKey() + b.getValue());
    }

    @Test
    void allocationsAreAlignedDisjointAndInsideABlock() {
        Random random = new Random(3);
        long[] addresses = new long[500];
        long[] sizes = new long[500];
        for (int i = 0; i < 500; i++) {
            sizes[i] = random.nextInt(3000);
            addresses[i] = arena.allocate(sizes[i]);
            assertThat(addresses[i] % Arena.ALIGNMENT).isZero();
            assertThat(inLiveBlock(addresses[i], sizes[i])).isTrue();
            for (int j = 0; j < i; j++) {
                assertThat(addresses[i] >= addresses[j] + sizes[j] || addresses[j] >= addresses[i] + sizes[i])
                        .as("%d and %d", i, j)
                        .isTrue();
            }
        }
    }

    @Test
    void rewindGivesTheSameAddressesAgain() {
        arena.allocate(100);
        Arena.Mark mark = arena.mark();
        long first = arena.allocate(700);
        long second = arena.allocate(5000);
        arena.rewind(mark);
        assertThat(arena.allocate(700)).isEqualTo(first);
        assertThat(arena.allocate(5000)).isEqualTo(second);
        assertThat(arena.blockAllocations()).isEqualTo(2);
    }

    @Test
    void resetJoinsBlocksThenAllocatesNothing() {
        arena.allocate(900);
        arena.allocate(900);
        arena.allocate(9000);
        long bytes = arena.capacity();
        assertThat(book.live).hasSize(3);
        arena.reset();
        assertThat(book.live).hasSize(1);
        assertThat(arena.capacity()).isEqualTo(bytes);
        long taken = arena.blockAllocations();
        for (int batch = 0; batch < 100; batch++) {
            arena.allocate(900);
            arena.allocate(900);
            arena.allocate(9000);
            arena.reset();
        }
        assertThat(arena.blockAllocations()).isEqualTo(taken);
    }

    @Test
    void closeFreesEverythingAndMayBeRepeated() {
        arena.allocate(10);
        arena.allocate(10_000);
        arena.close();
        arena.close();
        assertThat(book.live).isEmpty();
        assertThat(arena.capacity()).isZero();
    }

    @Test
    void aFailedAllocationLeavesTheArenaUsable() {
        arena.allocate(900);
        arena.allocate(9000);
        book.full = true;
        assertThatThrownBy(() -> arena.allocate(1_000_000)).isInstanceOf(OutOfMemoryError.class);
        assertThatThrownBy(arena::reset).isInstanceOf(OutOfMemoryError.class);
        book.full = false;
        long address = arena.allocate(2000);
        assertThat(inLiveBlock(address, 2000)).isTrue();
        arena.close();
        assertThat(book.live).isEmpty();
    }

    @Test
    void takesJustWhatIsNeededWhereMemoryIsShort() {
        arena.allocate(1000);
        book.room = 1500;
        long address = arena.allocate(1400);
        assertThat(book.live).containsEntry(address, 1408L);
        assertThatThrownBy(() -> arena.allocate(1600)).hasMessage("no room for 1600");
    }
}
