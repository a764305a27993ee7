package dev.limbic.ops.cpu;

import dev.limbic.ops.Planes;
import dev.limbic.ops.Upsampling;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;

/** Pictures x of another size as y. */
record Upsampler(Planes planes, Planes result, Tensor x, Tensor y) {
    void run(Shares shares, Upsampling how) {
        shares.rows(result.n() * result.h(), (x.rows() + y.rows()) * x.rowBytes(), (worker, from, to) -> {
            for (int line = from; line < to; line++) {
                switch (how) {
                    case NEAREST -> nearest(line);
                    case BILINEAR -> bilinear(worker, line);
                }
            }
        });
    }

    /** First row of pixels of the picture that a line of the result belongs to. */
    private int lines(int line) {
        return line / result.h() * planes.h();
    }

    private void nearest(int line) {
        long from = Math.multiplyFull(line % result.h(), planes.h()) / result.h();
        int source = Math.toIntExact((lines(line) + from) * planes.w());
        for (int column = 0; column < result.w(); column++) {
            int nearest = Math.toIntExact(Math.multiplyFull(column, planes.w()) / result.w());
            Ram.copy(x.row(source + nearest), y.row(line * result.w() + column), x.rowBytes());
        }
    }

    private void bilinear(Worker worker, int line) {
        Arena.Mark mark = worker.scratch().mark();
        int n = x.columns();
        DType type = x.dtype();
        long wide = worker.scratch().allocate(4L * n);
        float place = place(line % result.h(), planes.h(), result.h());
        int first = (int) place;
        int upper = (lines(line) + first) * planes.w();
        int lower = (lines(line) + Math.min(first + 1, planes.h() - 1)) * planes.w();
        float down = place - first;
        for (int column = 0; column < result.w(); column++) {
            float across = place(column, planes.w(), result.w());
            int left = (int) across;
            int right = Math.min(left + 1, planes.w() - 1);
            long to = y.row(line * result.w() + column);
            long target = Rows.target(type, to, wide);
            PlaneKernels.blend(
                    type,
                    x.row(upper + left),
                    x.row(upper + right),
                    x.row(lower + left),
                    x.row(lower + right),
                    across - left,
                    down,
                    n,
                    target);
            Rows.write(type, target, to, n);
        }
        worker.scratch().rewind(mark);
    }

    /** Where a pixel of the result lies among those of the picture, whose centres are whole numbers. */
    private static float place(int index, int size, int resultSize) {
        return (float) Math.max(0, (index + 0.5) * size / resultSize - 0.5);
    }
}
