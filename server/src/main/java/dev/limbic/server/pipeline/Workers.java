package dev.limbic.server.pipeline;

import dev.limbic.domain.LimbicException;
import dev.limbic.natives.Scheduling;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Threads that prepare what takes long and write prompts, the most urgent first. What is more than may wait is rejected. */
public final class Workers implements Executor, AutoCloseable {
    private static final Duration RETRY = Duration.ofMillis(100);

    /** Most tasks that wait; with texts of 16 KiB some tens of megabytes. */
    private static final int WAITING = 1024;

    private final ThreadPoolExecutor threads;

    /** A pool of this many threads. */
    public Workers(int count) {
        threads =
                new ThreadPoolExecutor(
                        count,
                        count,
                        0,
                        TimeUnit.SECONDS,
                        new BoundedQueue(),
                        Thread.ofPlatform()
                                .name("limbic-worker-", 0)
                                .daemon(true)
                                .factory()) {
                    @Override
                    protected void beforeExecute(Thread thread, Runnable task) {
                        Scheduling.interruptNobody();
                    }
                };
    }

    private static final class BoundedQueue extends PriorityBlockingQueue<Runnable> {
        private static final long serialVersionUID = 1L;

        /** About the bound: two callers may pass it together. */
        @Override
        public boolean offer(Runnable task) {
            return size() < WAITING && super.offer(task);
        }
    }

    /**
     * Runs a task that can be compared with the others.
     *
     * @throws java.util.concurrent.RejectedExecutionException if too many wait
     */
    @Override
    public void execute(Runnable task) {
        threads.execute(task);
    }

    /**
     * Hands a task to workers.
     *
     * @param refusal what is told when too many wait
     * @throws LimbicException.Overloaded if they do
     */
    static void hand(Executor workers, Runnable task, String refusal) {
        try {
            workers.execute(task);
        } catch (RejectedExecutionException full) {
            throw new LimbicException.Overloaded(refusal, RETRY);
        }
    }

    /** Tasks that wait. */
    public int waiting() {
        return threads.getQueue().size();
    }

    /** Waiting tasks are still run. */
    @Override
    public void close() {
        threads.shutdown();
    }
}
