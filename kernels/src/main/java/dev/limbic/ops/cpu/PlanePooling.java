package dev.limbic.ops.cpu;

import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Pooling;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;

/** Maxima and means over parts of pictures. */
final class PlanePooling {
    /** A part of the picture of more pixels is cut into slabs, so that several threads can share it. */
    private static final int LARGE = 256;

    /** Slabs of a large part: always so many, so that the order of its sum does not depend on the threads. */
    private static final int SLABS = 8;

    private final Shares shares;
    private final Arena scratch;

    PlanePooling(Shares shares, Arena scratch) {
        this.shares = shares;
        this.scratch = scratch;
    }

    /** Which pixels a pixel of the result is made of. */
    private interface Part {
        int first(int index);

        int end(int index);
    }

    void pool(Tensor x, Planes planes, Pool2d pool, Tensor y) {
        Planes result = pool.result(planes);
        Padding.Pixels padding = pool.padding(planes);
        int size = pool.height() * pool.width();
        reduce(
                x,
                planes,
                y,
                result,
                window(padding.top(), pool.stride(), pool.height(), planes.h()),
                window(padding.left(), pool.stride(), pool.width(), planes.w()),
                pool.pooling() == Pooling.MAX ? 0 : pool.countPadding() ? size : -1);
    }

    private static Part window(int padding, int stride, int size, int limit) {
        return new Part() {
            @Override
            public int first(int index) {
                return Math.max(0, index * stride - padding);
            }

            @Override
            public int end(int index) {
                return Math.min(limit, index * stride - padding + size);
            }
        };
    }

    void adaptiveAverage(Tensor x, Planes planes, Tensor y, Planes result) {
        reduce(x, planes, y, result, share(planes.h(), result.h()), share(planes.w(), result.w()), -1);
    }

    private static Part share(int size, int parts) {
        return new Part() {
            @Override
            public int first(int index) {
                return Math.toIntExact((long) index * size / parts);
            }

            @Override
            public int end(int index) {
                return Math.toIntExact(Math.ceilDiv((index + 1L) * size, (long) parts));
            }
        };
    }

    /**
     * Fills y.
     *
     * @param divisor of sums; −1 for the number of pixels, 0 for the maximum instead
     */
    private void reduce(Tensor x, Planes planes, Tensor y, Planes result, Part rows, Part columns, int divisor) {
        int largest = (rows.end(0) - rows.first(0)) * (columns.end(0) - columns.first(0));
        if (largest > LARGE && rows.end(0) - rows.first(0) >= SLABS) {
            reduceLarge(x, planes, y, result, rows, columns, divisor);
            return;
        }
        int n = x.columns();
        DType type = x.dtype();
        int[] first = new int[result.w()];
        int[] end = new int[result.w()];
        Arrays.setAll(first, columns::first);
        Arrays.setAll(end, columns::end);
        shares.rows(result.n() * result.h(), x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long line = worker.scratch().allocate(4L * n * planes.w());
            long wide = worker.scratch().allocate(4L * n * result.w());
            for (int i = from; i < to; i++) {
                int row = i % result.h();
                int top = rows.first(row);
                int height = rows.end(row) - top;
                long at = x.row((i / result.h() * planes.h() + top) * planes.w());
                long goal = y.row(i * result.w());
                long target = Rows.target(type, goal, wide);
                LineKernels.lines(type, divisor == 0, at, height, planes.w() * x.rowBytes(), planes.w() * n, line);
                LineKernels.windows(divisor == 0, line, n, first, end, target);
                for (int o = 0; o < first.length && divisor != 0; o++) {
                    finish(target + 4L * n * o, height * (end[o] - first[o]), n, divisor);
                }
                Rows.write(type, target, goal, n * result.w());
            }
            worker.scratch().rewind(mark);
        });
    }

    private static void reduce(DType type, long x, int height, int width, long rowBytes, int n, long y, int divisor) {
        if (divisor == 0) {
            PlaneKernels.max(type, x, height, width, rowBytes, n, y);
        } else {
            PlaneKernels.sum(type, x, height, width, rowBytes, n, y);
        }
    }

    private static void finish(long y, int pixels, int n, int divisor) {
        if (divisor != 0) {
            RowKernels.scale(1f / (divisor < 0 ? pixels : divisor), y, n);
        }
    }

    /** The same, each part in slabs that threads share. */
    private void reduceLarge(Tensor x, Planes planes, Tensor y, Planes result, Part rows, Part columns, int divisor) {
        int n = x.columns();
        DType type = x.dtype();
        Arena.Mark before = scratch.mark();
        long partial = scratch.allocate(4L * n * SLABS * result.rows());
        shares.rows(result.rows() * SLABS, x.rows() * x.rowBytes(), (worker, from, to) -> {
            for (int item = from; item < to; item++) {
                int i = item / SLABS;
                int slab = item % SLABS;
                int row = i / result.w() % result.h();
                int column = i % result.w();
                int height = rows.end(row) - rows.first(row);
                int top = rows.first(row) + slab * height / SLABS;
                int end = rows.first(row) + (slab + 1) * height / SLABS;
                int left = columns.first(column);
                long at = x.row((i / result.pixels() * planes.h() + top) * planes.w() + left);
                long target = partial + 4L * n * item;
                reduce(type, at, end - top, columns.end(column) - left, planes.w() * x.rowBytes(), n, target, divisor);
            }
        });
        for (int i = 0; i < result.rows(); i++) {
            int row = i / result.w() % result.h();
            int column = i % result.w();
            long target = partial + 4L * n * SLABS * i;
            for (int slab = 1; slab < SLABS; slab++) {
                long other = target + 4L * n * slab;
                if (divisor == 0) {
                    RowKernels.max(other, target, n);
                } else {
                    RowKernels.add(other, target, n);
                }
            }
            int height = rows.end(row) - rows.first(row);
            finish(target, height * (columns.end(column) - columns.first(column)), n, divisor);
            Rows.convert(DType.F32, target, type, y.row(i), n);
        }
        scratch.rewind(before);
    }
}
