package dev.limbic.natives;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Which cores threads run on, by Linux' {@code sched_getcpu(3)} and {@code sched_setaffinity(2)}; elsewhere nothing is known
 * and nothing changes. Thread-safe.
 */
public final class Cores {
    /** A core that is not known. */
    public static final int UNKNOWN = -1;

    /** Enough for 8192 cores; the kernel refuses a mask that is too short for what the machine has. */
    private static final int MASK_BYTES = 1024;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final boolean LINUX = System.getProperty("os.name", "").startsWith("Linux");
    private static final @Nullable MethodHandle CURRENT =
            call("sched_getcpu", FunctionDescriptor.of(ValueLayout.JAVA_INT), Linker.Option.critical(false));
    private static final @Nullable MethodHandle THREAD = call("gettid", FunctionDescriptor.of(ValueLayout.JAVA_INT));
    private static final FunctionDescriptor MASK = FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
    private static final @Nullable MethodHandle SET = call("sched_setaffinity", MASK);
    private static final @Nullable MethodHandle GET = call("sched_getaffinity", MASK);

    private Cores() {}

    private static @Nullable MethodHandle call(String name, FunctionDescriptor type, Linker.Option... options) {
        return LINUX
                ? LINKER.defaultLookup()
                        .find(name)
                        .map(symbol -> LINKER.downcallHandle(symbol, type, options))
                        .orElse(null)
                : null;
    }

    /** The core that the calling thread is on right now, or {@link #UNKNOWN}. */
    public static int current() {
        MethodHandle call = CURRENT;
        if (call == null) {
            return UNKNOWN;
        }
        try {
            return (int) call.invokeExact();
        } catch (Throwable impossible) {
            throw new IllegalStateException("sched_getcpu", impossible);
        }
    }

    /** A thread, as the system knows it, and the cores that it may use. */
    public record Place(int thread, BitSet allowed) {
        /** Of the calling thread; null where the system does not say. */
        public static @Nullable Place ofCallingThread() {
            MethodHandle thread = THREAD;
            MethodHandle get = GET;
            if (thread == null || get == null) {
                return null;
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
                int id = (int) thread.invokeExact();
                int failed = (int) get.invokeExact(id, (long) MASK_BYTES, mask);
                BitSet allowed = BitSet.valueOf(mask.toArray(ValueLayout.JAVA_BYTE));
                return failed != 0 || allowed.isEmpty() ? null : new Place(id, allowed);
            } catch (Throwable impossible) {
                throw new IllegalStateException("sched_getaffinity", impossible);
            }
        }

        /** From now on the thread runs on none of these cores, if it may use others. A refusal is of no consequence. */
        public void avoid(BitSet cores) {
            MethodHandle set = SET;
            BitSet left = (BitSet) allowed.clone();
            left.andNot(cores);
            if (set == null || left.isEmpty()) {
                return;
            }
            try (Arena arena = Arena.ofConfined()) {
                byte[] bits = left.toByteArray();
                MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
                MemorySegment.copy(bits, 0, mask, ValueLayout.JAVA_BYTE, 0, bits.length);
                int _ = (int) set.invokeExact(thread, (long) MASK_BYTES, mask);
            } catch (Throwable impossible) {
                throw new IllegalStateException("sched_setaffinity", impossible);
            }
        }
    }
}
