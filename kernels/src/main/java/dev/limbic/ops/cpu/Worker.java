package dev.limbic.ops.cpu;

import dev.limbic.natives.Cores;
import dev.limbic.tensor.Arena;
import org.jspecify.annotations.Nullable;

/** What one thread of the team has for itself: scratch memory and plans. */
final class Worker implements AutoCloseable {
    private static final long SCRATCH_BYTES = 1 << 20;

    private final int index;
    private final Arena scratch = new Arena(HostMemory.INSTANCE, SCRATCH_BYTES);
    private final MatmulPlans plans = new MatmulPlans();

    /** The last region that the thread was called to. */
    volatile int called;

    /** Whether the thread sleeps and must be woken. */
    volatile boolean parked;

    /** The core on which the thread fell asleep. */
    volatile int core = Cores.UNKNOWN;

    /** Of the thread, once it runs; null where the system does not tell. */
    volatile Cores.@Nullable Place place;

    Worker(int index) {
        this.index = index;
        // Taken now: which worker first needs scratch memory depends on timing, the memory held must not.
        scratch.allocate(SCRATCH_BYTES);
        scratch.reset();
    }

    /** Place in the team, 0 for the owner. */
    int index() {
        return index;
    }

    /** Private scratch; a kernel marks it on entry and rewinds it on exit. */
    Arena scratch() {
        return scratch;
    }

    MatmulPlans plans() {
        return plans;
    }

    @Override
    public void close() {
        plans.close();
        scratch.close();
    }
}
