package dev.limbic.natives;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** How the operating system gives threads their turns. Thread-safe. */
public final class Scheduling {
    /** Of {@code sched.h}; the same on every Linux. */
    private static final int SCHED_BATCH = 3;

    private static final int CALLING_THREAD = 0;
    private static final ThreadLocal<Boolean> DONE = ThreadLocal.withInitial(() -> false);

    private Scheduling() {}

    /**
     * Lets the calling thread interrupt no other one when it wakes. It has as much of the processors as before, on an idle
     * one at once, but where a device's thread computes it waits some milliseconds for the end of that thread's turn. So a
     * thread of the network finds much to do when it comes, instead of being woken for each request: on one core that is
     * half of its work. Linux' {@code SCHED_BATCH}; where the system does not know that or does not allow it, nothing
     * changes. Calling it again does nothing.
     */
    public static void interruptNobody() {
        if (DONE.get()) {
            return;
        }
        DONE.set(true);
        if (System.getProperty("os.name").equals("Linux")) {
            try {
                setPolicy();
            } catch (Throwable e) { // it serves all the same
                System.getLogger(Scheduling.class.getName())
                        .log(System.Logger.Level.DEBUG, "threads keep their turns: " + e);
            }
        }
    }

    private static void setPolicy() throws Throwable {
        Linker linker = Linker.nativeLinker();
        MethodHandle call = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("sched_setscheduler"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            int ignored = (int) call.invokeExact(CALLING_THREAD, SCHED_BATCH, arena.allocate(ValueLayout.JAVA_INT));
        }
    }
}
