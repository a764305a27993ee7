package dev.limbic.ops.cpu;

import dev.limbic.ops.Ops;
import dev.limbic.ops.PictureWork;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Scope;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Small pictures through a whole network, a few at a time on each thread, instead of all of them through one layer after the
 * other: what lies between two layers stays in the thread's cache, and threads meet once.
 */
final class PictureGroups implements AutoCloseable {
    /** Pictures of more pixels are shared out layer by layer: what lies between their layers fits no cache anyway. */
    private static final int MOST_PIXELS = 128 * 128;

    /** Pixels of a group, if it might be so many: fewer make calls that take longer to begin than to compute. */
    private static final int GROUP_PIXELS = 64 * 64;

    /** Threads that may be idle on average. */
    private static final double MOST_IDLE = 0.6;

    private static final long SCRATCH_BYTES = 1 << 20;

    /** What one thread has for itself. */
    private record Desk(Arena scratch, Ops ops) {}

    private final CpuEngine engine;
    private final List<Desk> desks = new ArrayList<>();

    /**
     * @param engine of all threads together
     * @param ops operations of an engine
     */
    PictureGroups(CpuEngine engine, Function<CpuEngine, Ops> ops) {
        this.engine = engine;
        for (int i = 0; i < engine.team().most(); i++) {
            Arena scratch = new Arena(HostMemory.INSTANCE, SCRATCH_BYTES);
            desks.add(new Desk(
                    scratch, ops.apply(new CpuEngine(Team.of(engine.team().worker(i)), scratch))));
        }
    }

    /**
     * How many groups, all of about the same size; 0 where these pictures are better computed together. Not so many that more than
     * half a thread would be idle on average while the last ones are computed: layer by layer they are done sooner then, and the
     * team would take it that other threads have its cores.
     */
    int count(Planes planes) {
        int n = planes.n();
        int threads = engine.team().size();
        if (planes.pixels() > MOST_PIXELS || n == 1) {
            return 0;
        }
        int most = Math.max(1, GROUP_PIXELS / planes.pixels());
        for (int groups = Math.ceilDiv(n, most); groups <= n; groups++) {
            int places = Math.ceilDiv(groups, threads) * Math.ceilDiv(n, groups) * threads;
            if (places - n <= MOST_IDLE * places / threads) {
                return groups;
            }
        }
        return 0;
    }

    /**
     * Runs the work on all pictures.
     *
     * @param groups as {@link #count} says
     */
    Tensor run(Tensor x, Planes planes, int groups, PictureWork work) {
        int n = planes.n();
        AtomicInteger next = new AtomicInteger();
        Results results = new Results(n);
        engine.team().run(worker -> {
            Desk desk = desks.get(worker.index());
            for (int i = next.getAndIncrement(); i < groups; i = next.getAndIncrement()) {
                int first = Math.toIntExact((long) i * n / groups);
                int end = Math.toIntExact((i + 1L) * n / groups);
                Planes part = new Planes(end - first, planes.h(), planes.w());
                Tensor pixels = view(x, first * planes.pixels(), part.rows());
                try (Scope _ = desk.ops.scope()) {
                    results.put(first, part.n(), work.run(desk.ops, pixels, part));
                }
            }
        });
        evenOut();
        return results.all();
    }

    private static Tensor view(Tensor x, int row, int rows) {
        return new Tensor(x.dtype(), Shape.of(rows, x.columns()), x.row(row));
    }

    /** Where the results of groups go; the first that is done says how large they are. */
    private final class Results {
        private final int pictures;
        private @Nullable Tensor all;

        Results(int pictures) {
            this.pictures = pictures;
        }

        void put(int first, int count, Tensor part) {
            int rows = part.rows() / count;
            Tensor target = target(part.dtype(), rows * pictures, part.columns());
            if (target.dtype() != part.dtype()
                    || target.columns() != part.columns()
                    || target.rows() != rows * pictures
                    || part.rows() != rows * count) {
                throw new IllegalStateException("work on pictures: as many rows for each of " + count
                        + " as for those of other groups expected, " + target + " together, found " + part);
            }
            Ram.copy(part.address(), target.row(first * rows), part.rows() * part.rowBytes());
        }

        /** From the owner's scratch memory, which nobody else uses meanwhile. */
        private synchronized Tensor target(DType type, int rows, int columns) {
            Tensor target = all == null ? engine.allocate(type, rows, columns) : all;
            all = target;
            return target;
        }

        synchronized Tensor all() {
            if (all == null) {
                throw new IllegalStateException("no group of pictures was computed");
            }
            return all;
        }
    }

    /** Which thread takes which group depends on timing, the memory held must not. */
    private void evenOut() {
        long most =
                desks.stream().mapToLong(desk -> desk.scratch.capacity()).max().orElse(0);
        for (Desk desk : desks) {
            if (desk.scratch.capacity() < most) {
                desk.scratch.close();
                desk.scratch.allocate(most);
                desk.scratch.reset();
            }
        }
    }

    /** Gives up what failed work left; only between regions. */
    void reset() {
        desks.forEach(desk -> desk.scratch.reset());
    }

    long scratchBytes() {
        return desks.stream().mapToLong(desk -> desk.scratch.capacity()).sum();
    }

    @Override
    public void close() {
        desks.forEach(desk -> desk.scratch.close());
    }
}
