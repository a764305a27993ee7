package dev.limbic.ops.cpu;

import java.util.concurrent.atomic.AtomicInteger;

/** How one operation is shared out over the team, or left whole where waking the others is not worth it. */
final class Shares {
    /** Below so many bytes a region is not worth waking the team for. */
    private static final long SMALL_BYTES = 1 << 15;

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
        int share = (rows + size - 1) / size;
        team.run(worker -> {
            int from = Math.min(rows, worker.index() * share);
            int to = Math.min(rows, from + share);
            if (from < to) {
                task.run(worker, from, to);
            }
        });
    }

    /** Hands out items one by one to whichever worker is free; for items of uneven size. */
    void items(int count, long bytes, Part task) {
        if (team.size() == 1 || count == 1 || bytes < SMALL_BYTES) {
            task.run(team.owner(), 0, count);
            return;
        }
        AtomicInteger next = new AtomicInteger();
        team.run(worker -> {
            for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                task.run(worker, i, i + 1);
            }
        });
    }
}
