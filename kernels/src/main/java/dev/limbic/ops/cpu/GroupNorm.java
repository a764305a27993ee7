package dev.limbic.ops.cpu;

import dev.limbic.ops.Norm;
import dev.limbic.ops.Planes;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;

/** Group norm of pictures x as y: sums, squares around the mean, then the norm itself. */
record GroupNorm(Tensor x, Planes planes, int groups, Norm norm, Tensor y) {
    /** Pixels of a picture are summed in so many parts, so that their order does not depend on the threads. */
    private static final int SLABS = 8;

    /** A sum over some pixels, channel by channel. */
    private interface Sum {
        void run(long pixels, int count, int picture, long result);
    }

    void run(Shares shares, Arena scratch) {
        int n = x.columns();
        int pictures = planes.n();
        DType type = x.dtype();
        Arena.Mark mark = scratch.mark();
        long partial = scratch.allocate(4L * n * SLABS * pictures);
        long means = scratch.allocate(4L * n * pictures);
        long factors = scratch.allocate(4L * n * pictures);
        sums(shares, partial, (from, count, picture, to) -> PlaneKernels.sum(type, from, 1, count, 0, n, to));
        for (int i = 0; i < pictures; i++) {
            perGroup(partial, means, i, (channel, mean) -> (float) mean);
        }
        sums(
                shares,
                partial,
                (from, count, picture, to) -> PlaneKernels.squares(type, from, count, n, means + 4L * n * picture, to));
        for (int i = 0; i < pictures; i++) {
            perGroup(partial, factors, i, (channel, variance) -> (float)
                    (Ram.getFloat(norm.gain().address() + 4L * channel) / Math.sqrt(variance + norm.epsilon())));
        }
        shares.rows(x.rows(), 2L * x.rows() * x.rowBytes(), (worker, from, to) -> {
            for (int row = from; row < to; ) {
                int picture = row / planes.pixels();
                int end = Math.min(to, (picture + 1) * planes.pixels());
                PlaneKernels.centre(
                        type,
                        x.row(row),
                        end - row,
                        n,
                        means + 4L * n * picture,
                        factors + 4L * n * picture,
                        norm.bias().address(),
                        y.row(row));
                row = end;
            }
        });
        scratch.rewind(mark);
    }

    private void sums(Shares shares, long partial, Sum sum) {
        int pixels = planes.pixels();
        shares.rows(planes.n() * SLABS, x.rows() * x.rowBytes(), (worker, from, to) -> {
            for (int item = from; item < to; item++) {
                int first = Math.toIntExact((long) (item % SLABS) * pixels / SLABS);
                int end = Math.toIntExact((item % SLABS + 1L) * pixels / SLABS);
                int picture = item / SLABS;
                sum.run(x.row(picture * pixels + first), end - first, picture, partial + 4L * x.columns() * item);
            }
        });
    }

    /** What becomes of a group's mean for one of its channels. */
    private interface PerChannel {
        float of(int channel, double mean);
    }

    private void perGroup(long partial, long result, int picture, PerChannel function) {
        int n = x.columns();
        int width = n / groups;
        for (int g = 0; g < groups; g++) {
            double sum = 0;
            for (int slab = 0; slab < SLABS; slab++) {
                long at = partial + 4L * n * (picture * (long) SLABS + slab);
                for (int c = g * width; c < (g + 1) * width; c++) {
                    sum += Ram.getFloat(at + 4L * c);
                }
            }
            double mean = sum / ((double) width * planes.pixels());
            for (int c = g * width; c < (g + 1) * width; c++) {
                Ram.setFloat(result + 4L * ((long) picture * n + c), function.of(c, mean));
            }
        }
    }
}
