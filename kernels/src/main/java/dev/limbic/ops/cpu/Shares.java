package dev.limbic.ops.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** How one operation is shared out over the team, or left whole where waking the others is not worth it. */
final class Shares {
    /** Below so many bytes a region is not worth waking the team for. */
    private static final long SMALL_BYTES = 1 << 15;

    /** Runs that each worker takes one after the other, so that all end at about the same time. */
    private static final int RUNS = 4;

    private static final int LONGEST_RUN = 8;

    /** One worker's part: rows or items {@code from … to − 1}. */
    interface Part {
        void run(Worker worker, int from, int to);
    }

    private final Team team;

    Shares(Team team) {
        this.team = team;
    }

    /** Splits rows evenly over the team, unless the whole is small. */
    void rows(int rows, long bytes, Part task) {
        int size = team.size();
        if (size == 1 || bytes < SMALL_BYTES) {
            task.run(team.owner(), 0, rows);
            return;
        }
        runs(rows, Math.ceilDiv(rows, size), task);
    }

    /** Hands out items one by one to whichever worker is free; for items of uneven size. */
    void items(int count, long bytes, Part task) {
        deal(count, 1, bytes, task);
    }

    /**
     * Hands out short runs of rows, in pairs, to whichever worker is free: for long regions, where one core may be
     * slower than another.
     */
    void pairs(int rows, long bytes, Part task) {
        deal(rows, Math.clamp(rows / (RUNS * team.size()) & -2, 2, LONGEST_RUN), bytes, task);
    }

    /**
     * Splits rows evenly over the team, in runs; a worker that is done with its own takes the last ones of others. Rows
     * mostly stay where earlier operations left them in cache, and a core that is slower does not hold up the rest.
     */
    void runs(int rows, int run, Part task) {
        int count = Math.ceilDiv(rows, run);
        int size = team.size();
        AtomicIntegerArray taken = new AtomicIntegerArray(count);
        team.run(worker -> {
            for (int other = 0; other < size; other++) {
                int owner = (worker.index() + other) % size;
                int first = owner * count / size;
                int last = (owner + 1) * count / size;
                for (int i = 0; i < last - first; i++) {
                    int own = other == 0 ? first + i : last - 1 - i;
                    if (taken.compareAndSet(own, 0, 1)) {
                        task.run(worker, own * run, Math.min(rows, (own + 1) * run));
                    }
                }
            }
        });
    }

    private void deal(int count, int run, long bytes, Part task) {
        if (team.size() == 1 || count <= run || bytes < SMALL_BYTES) {
            task.run(team.owner(), 0, count);
            return;
        }
        AtomicInteger next = new AtomicInteger();
        team.run(worker -> {
            for (int from = next.getAndAdd(run); from < count; from = next.getAndAdd(run)) {
                task.run(worker, from, Math.min(count, from + run));
            }
        });
    }
}
