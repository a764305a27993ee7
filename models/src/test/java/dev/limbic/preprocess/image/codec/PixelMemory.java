package dev.limbic.preprocess.image.codec;

import static org.bytedeco.leptonica.global.leptonica.setPixMemoryManager;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.leptonica.alloc_fn;
import org.bytedeco.leptonica.dealloc_fn;

/** Counts what Leptonica reserves for pixels and gives back, from the first call of {@link #watch} on. */
final class PixelMemory {
    private static final AtomicInteger LIVE = new AtomicInteger();
    private static final AtomicInteger PICTURES = new AtomicInteger();
    private static final AtomicLong LARGEST = new AtomicLong();

    private static final alloc_fn ALLOCATE = new alloc_fn() {
        @Override
        public Pointer call(long size) {
            LIVE.incrementAndGet();
            PICTURES.incrementAndGet();
            LARGEST.accumulateAndGet(size, Math::max);
            return Pointer.malloc(size);
        }
    };

    private static final dealloc_fn FREE = new dealloc_fn() {
        @Override
        public void call(Pointer pixels) {
            LIVE.decrementAndGet();
            Pointer.free(pixels);
        }
    };

    private PixelMemory() {}

    static void watch() {
        setPixMemoryManager(ALLOCATE, FREE);
    }

    /** Pictures that have not been freed. */
    static int live() {
        return LIVE.get();
    }

    /** All pictures that there were. */
    static int pictures() {
        return PICTURES.get();
    }

    /** Bytes of the largest. */
    static long largest() {
        return LARGEST.get();
    }
}
