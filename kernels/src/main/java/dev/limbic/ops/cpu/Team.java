package dev.limbic.ops.cpu;

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

    private final Worker[] workers;
    private final Thread[] threads;
    private final AtomicInteger pending = new AtomicInteger();
    private volatile int epoch;
    private volatile boolean closed;
    private volatile boolean busy;
    private @Nullable Task task;
    private volatile @Nullable Throwable failure;

    Team(int size) {
        workers = new Worker[size];
        threads = new Thread[size];
        for (int i = 0; i < size; i++) {
            workers[i] = new Worker(i);
        }
        for (int i = 1; i < size; i++) {
            Worker worker = workers[i];
            threads[i] = Thread.ofPlatform().daemon().name("limbic-cpu-" + i).start(() -> serve(worker));
        }
    }

    /** The batch is done: workers sleep at once and leave the cores to the threads that deliver its results. */
    void rest() {
        busy = false;
    }

    int size() {
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

    /** Runs {@code task} once on every worker and returns when all are done; the first failure is thrown. */
    void run(Task task) {
        if (workers.length == 1) {
            task.run(workers[0]);
            return;
        }
        this.task = task;
        failure = null;
        pending.set(workers.length - 1);
        busy = true;
        int next = epoch + 1; // the owner is the only writer
        epoch = next;
        for (int i = 1; i < workers.length; i++) {
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
            while (epoch == seen) {
                if (closed) {
                    worker.close();
                    return;
                }
                if (busy && spins < SPINS_BEFORE_PARK) {
                    spins = pause(spins);
                } else {
                    worker.parked = true;
                    if (epoch == seen && !closed) {
                        LockSupport.park(this);
                    }
                    worker.parked = false;
                }
            }
            seen = epoch;
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
