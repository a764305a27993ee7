package dev.limbic.ops.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Asks Linux for pages of 2 MB behind large blocks: weights and caches are read from one end to the other once a step,
 * and with small pages looking up addresses costs as much as reading. Elsewhere, and where the system gives none, all
 * works as before.
 */
final class HugePages {
    /** Bytes of a large page. */
    static final long BYTES = 2L << 20;

    private static final long PAGE = 4096;

    /** MADV_HUGEPAGE of Linux's {@code madvise(2)}. */
    private static final int HUGE = 14;

    private static final @Nullable MethodHandle MADVISE =
            System.getProperty("os.name", "").startsWith("Linux") ? madvise() : null;

    private HugePages() {}

    private static @Nullable MethodHandle madvise() {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("madvise")
                .map(symbol -> linker.downcallHandle(
                        symbol,
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_INT)))
                .orElse(null);
    }

    /** For memory that was allocated and not touched yet. A refusal is of no consequence. */
    static void advise(long address, long bytes) {
        MethodHandle madvise = MADVISE;
        if (madvise == null || bytes < BYTES) {
            return;
        }
        long first = (address + PAGE - 1) & -PAGE;
        long length = (address + bytes - first) & -PAGE;
        try {
            int _ = (int) madvise.invokeExact(MemorySegment.ofAddress(first), length, HUGE);
        } catch (Throwable impossible) {
            throw new IllegalStateException("madvise", impossible);
        }
    }
}
