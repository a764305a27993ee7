package dev.limbic.server.pipeline;

/** What a worker does; the one that is due first goes first. */
interface WorkerTask extends Runnable, Comparable<WorkerTask> {
    /** When it is due, on the clock of {@link System#nanoTime}. */
    long dueNanos();

    /** By differences: the clock may run past the largest long. */
    @Override
    default int compareTo(WorkerTask other) {
        return Long.signum(dueNanos() - other.dueNanos());
    }
}
