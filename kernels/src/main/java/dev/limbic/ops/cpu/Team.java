package dev.limbic.ops.cpu;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one CPU device. The owner is worker 0 and takes part in every region; the others wait for it, first
 * spinning between two operations of a batch, then parked.
 *
 * <p>Only the owner calls {@link #run}; regions do not nest.
 */
final class Team implements AutoCloseable {
    /** What one worker does in a region. */
    interface Task {
        void run(Worker worker);
    }

    /** Some hundred microseconds: longer than what the owner does alone within a step. Waking a thread costs 50. */
    private static final int SPINS_BEFORE_PARK = 20_000;

    /** Some microseconds. Who waits longer waits for a thread whose core another one has; that one may have this core. */
    private static final int SPINS_BEFORE_YIELD = 100;

    /** A yield takes about as long as so many spins. */
    private static final int SPINS_OF_YIELD = 10;

    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

    private final Worker[] workers;
    private final Thread[] threads;
    private final TeamSize sizes;
    private int size;
    private boolean measuring;
    private long startNanos;
    private long startCpuNanos;
    private final AtomicInteger pending = new AtomicInteger();
    private volatile boolean closed;
    private volatile boolean busy;
    private @Nullable Task task;
    private volatile @Nullable Throwable failure;

    Team(TeamSize sizes) {
        int most = sizes.most();
        this.sizes = sizes;
        size = sizes.next(System.nanoTime());
        workers = new Worker[most];
        threads = new Thread[most];
        for (int i = 0; i < most; i++) {
            workers[i] = new Worker(i);
        }
        for (int i = 1; i < most; i++) {
            Worker worker = workers[i];
            threads[i] = Thread.ofPlatform().daemon().name("limbic-cpu-" + i).start(() -> serve(worker));
        }
    }

    /** A batch begins: from now on so many take part as there are cores for. Only between regions. */
    void begin() {
        size = sizes.next(System.nanoTime());
        measuring = false;
    }

    /** The batch is done: workers sleep at once and leave the cores to the threads that deliver its results. */
    void rest() {
        busy = false;
        if (measuring) {
            measuring = false;
            long now = System.nanoTime();
            sizes.ran(now - startNanos, cpuNanos() - startCpuNanos, now);
        }
    }

    /** Time that those who take part were on a core. */
    private long cpuNanos() {
        long sum = CLOCK.getCurrentThreadCpuTime();
        for (int i = 1; i < size; i++) {
            sum += CLOCK.getThreadCpuTime(threads[i].threadId());
        }
        return sum;
    }

    /** Workers that take part in a region. */
    int size() {
        return size;
    }

    /** Workers that may take part in some region. */
    int most() {
        return workers.length;
    }

    Worker owner() {
        return workers[0];
    }

    /** Scratch memory over all workers, in bytes; only between regions. */
    long scratchBytes() {
        return Arrays.stream(workers).mapToLong(w -> w.scratch().capacity()).sum();
    }

    /** Gives up what failed tasks left in the workers' scratch memory, and joins its blocks; only between regions. */
    void resetScratch() {
        for (Worker worker : workers) {
            worker.scratch().reset();
        }
    }

    /** Runs {@code task} once on every worker that takes part; returns when all are done; the first failure is thrown. */
    void run(Task task) {
        if (!measuring && size > 1 && size == workers.length) {
            measuring = true;
            startNanos = System.nanoTime();
            startCpuNanos = cpuNanos();
        }
        if (size == 1) {
            task.run(workers[0]);
            return;
        }
        this.task = task;
        failure = null;
        pending.set(size - 1);
        busy = true;
        for (int i = 1; i < size; i++) {
            int calls = workers[i].called + 1; // the owner is the only writer
            workers[i].called = calls;
            if (workers[i].parked) {
                LockSupport.unpark(threads[i]);
            }
        }
        try {
            task.run(workers[0]);
        } finally {
            for (int spins = 0; pending.get() != 0; ) {
                spins = pause(spins);
            }
            this.task = null;
        }
        Throwable thrown = failure;
        if (thrown != null) {
            throw new IllegalStateException("worker failed: " + thrown.getMessage(), thrown);
        }
    }

    /** Returns spins with this one. */
    @SuppressWarnings("ThreadPriorityCheck") // nothing is right or wrong by it, only sooner or later
    private static int pause(int spins) {
        if (spins < SPINS_BEFORE_YIELD) {
            Thread.onSpinWait();
            return spins + 1;
        }
        Thread.yield();
        return spins + SPINS_OF_YIELD;
    }

    private void serve(Worker worker) {
        int seen = 0;
        while (true) {
            int spins = 0;
            while (worker.called == seen) {
                if (closed) {
                    worker.close();
                    return;
                }
                if (busy && spins < SPINS_BEFORE_PARK) {
                    spins = pause(spins);
                } else {
                    worker.parked = true;
                    if (worker.called == seen && !closed) {
                        LockSupport.park(this);
                    }
                    worker.parked = false;
                }
            }
            seen = worker.called;
            try {
                Task current = task;
                if (current != null) {
                    current.run(worker);
                }
            } catch (Throwable t) {
                failure = t;
            } finally {
                pending.decrementAndGet();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        for (int i = 1; i < threads.length; i++) {
            LockSupport.unpark(threads[i]);
        }
        boolean interrupted = false;
        for (int i = 1; i < threads.length; i++) {
            while (threads[i].isAlive()) {
                try {
                    threads[i].join();
                } catch (InterruptedException e) {
                    interrupted = true; // the thread still uses its memory: wait on, and pass the wish on later
                }
            }
        }
        workers[0].close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
