package dev.limbic.ops.cpu;

import dev.limbic.tensor.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory of a set of weights, cut from large pieces: layers that are read one after the other lie one behind the other
 * on pages of 2 MB. In blocks of their own most of them are too small for that, and reading them takes half as long
 * again (measured on layers of 1 to 5 MB).
 */
final class WeightMemory implements AutoCloseable {
    /** One page. */
    private static final long SMALLEST_PIECE = HugePages.BYTES;

    private static final long LARGEST_PIECE = 32L << 20;

    /** Of what is held already, the share that the next piece adds: no more than that lies idle in the end. */
    private static final int GROWTH = 4;

    private final List<Long> pieces = new ArrayList<>();
    private long held;
    private long next;
    private long end;

    /** Address of {@code bytes} that live until this is closed. */
    synchronized long allocate(long bytes) {
        long size = (bytes + Arena.ALIGNMENT - 1) & -(long) Arena.ALIGNMENT;
        if (size > end - next) {
            long piece = Math.clamp(held / GROWTH, SMALLEST_PIECE, LARGEST_PIECE) & -HugePages.BYTES;
            if (size >= piece) {
                return piece(size);
            }
            next = piece(piece);
            end = next + piece;
        }
        long address = next;
        next += size;
        return address;
    }

    private long piece(long bytes) {
        long address = HostMemory.INSTANCE.allocate(bytes);
        pieces.add(address);
        held += bytes;
        return address;
    }

    @Override
    public void close() {
        pieces.forEach(HostMemory.INSTANCE::free);
        pieces.clear();
        held = 0;
        next = 0;
        end = 0;
    }
}
