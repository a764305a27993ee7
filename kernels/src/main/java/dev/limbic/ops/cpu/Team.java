package dev.limbic.ops.cpu;

import dev.limbic.natives.Cores;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one CPU device. The owner is worker 0 and takes part in every region; the others wait for it, first
 * spinning between two operations of a batch, then parked.
 *
 * <p>Nobody waits for a thread that has not begun: where another one is on its core, or it has yet to wake, the owner does
 * the work alone. So work is never dealt out to a worker, each takes what nobody has taken yet.
 *
 * <p>Only the owner calls {@link #run}; regions do not nest.
 */
final class Team implements AutoCloseable {
    /** What one worker does in a region: takes work that no other has taken, until there is none. */
    interface Task {
        void run(Worker worker);
    }

    /** Some hundred microseconds: longer than what the owner does alone within a step. Waking a thread costs 50. */
    private static final int SPINS_BEFORE_PARK = 20_000;

    /** Some microseconds. Who waits longer waits for a thread whose core another one has; that one may have this core. */
    private static final int SPINS_BEFORE_YIELD = 100;

    /** A yield takes about as long as so many spins. */
    private static final int SPINS_OF_YIELD = 10;

    /** Of a batch that its regions must be to tell what the team gets: outside of them the owner works alone. */
    private static final double MOSTLY = 0.75;

    private static final long CLOSED = 1L << 31;

    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

    private final Worker[] workers;
    private final Thread[] threads;
    private final TeamSize sizes;
    private int size;
    private boolean measuring;
    private long startNanos;
    private long startCpuNanos;
    private long togetherNanos;

    /** Number of the region in the upper half; in the lower one those who joined it, or {@link #CLOSED} and them. */
    private final AtomicLong gate = new AtomicLong(CLOSED);

    /** Of those who joined, how many are done. */
    private final AtomicInteger done = new AtomicInteger();

    /** Cores that a thread which is woken must not use. */
    private final BitSet taken = new BitSet();

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

    private Team(Worker only) {
        sizes = new TeamSize(1);
        size = 1;
        workers = new Worker[] {only};
        threads = new Thread[1];
    }

    /** A team of one of another team's workers, for use within a region of that; not to be closed. */
    static Team of(Worker worker) {
        return new Team(worker);
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
            if (togetherNanos >= MOSTLY * (now - startNanos)) {
                sizes.ran(now - startNanos, cpuNanos() - startCpuNanos, now);
            }
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

    /** The greatest index of a worker, and one. */
    int places() {
        return workers[workers.length - 1].index() + 1;
    }

    Worker worker(int index) {
        return workers[index];
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

    /**
     * Runs {@code task} on the owner, and on each other worker that begins before the owner is through; returns when all of
     * them are done. A failure is thrown.
     */
    void run(Task task) {
        if (size == 1) {
            task.run(workers[0]);
            return;
        }
        long begin = System.nanoTime();
        if (!measuring && size == workers.length) {
            measuring = true;
            startNanos = begin;
            togetherNanos = 0;
            startCpuNanos = cpuNanos();
        }
        this.task = task;
        failure = null;
        done.set(0);
        busy = true;
        int region = (int) (gate.get() >> 32) + 1;
        gate.set((long) region << 32);
        try {
            for (int i = 1; i < size; i++) {
                workers[i].called = region;
                if (workers[i].parked) {
                    wake(i);
                }
            }
            task.run(workers[0]);
        } finally {
            int joined = (int) (gate.getAndAdd(CLOSED) & (CLOSED - 1));
            for (int spins = 0; done.get() != joined; ) {
                spins = pause(spins);
            }
            this.task = null;
            togetherNanos += System.nanoTime() - begin;
        }
        Throwable thrown = failure;
        if (thrown != null) {
            throw new IllegalStateException("worker failed: " + thrown.getMessage(), thrown);
        }
    }

    /**
     * Wakes a thread. Linux likes to wake it on the core of who wakes it, where it waits for the end of the owner's turn,
     * with another core idle; so it must not go there, nor where those woken before it are.
     */
    private void wake(int i) {
        taken.clear();
        int own = Cores.current();
        if (own != Cores.UNKNOWN) {
            taken.set(own);
            for (int other = 1; other < i; other++) {
                if (workers[other].core != Cores.UNKNOWN) {
                    taken.set(workers[other].core);
                }
            }
            Cores.Place place = workers[i].place;
            int core = workers[i].core;
            if (place != null && core != Cores.UNKNOWN && taken.get(core)) {
                place.avoid(taken);
            }
        }
        LockSupport.unpark(threads[i]);
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
        worker.place = Cores.Place.ofCallingThread();
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
                    worker.core = Cores.current();
                    worker.parked = true;
                    if (worker.called == seen && !closed) {
                        LockSupport.park(this);
                    }
                    worker.parked = false;
                }
            }
            seen = worker.called;
            if (joins(seen)) {
                try {
                    Task current = task;
                    if (current != null) {
                        current.run(worker);
                    }
                } catch (Throwable t) {
                    failure = t;
                } finally {
                    done.incrementAndGet();
                }
            }
        }
    }

    /** Whether this thread is in time for the region. */
    private boolean joins(int called) {
        while (true) {
            long open = gate.get();
            if (open >> 32 != called || (open & CLOSED) != 0) {
                return false;
            }
            if (gate.compareAndSet(open, open + 1)) {
                return true;
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
