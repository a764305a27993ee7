package dev.limbic.ops.cpu;

import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;

/** byte·scale + offset of interleaved pixels of n channels. */
record ByteNormaliser(int n, long scale, long offset, DType type) {
    void run(Worker worker, long from, long to, int pixels) {
        Arena.Mark mark = worker.scratch().mark();
        // Factors and summands of as many pixels as there are lanes: whole vectors of them.
        int period = n * VectorMath.LANES;
        long factors = repeated(worker, scale, period);
        long summands = repeated(worker, offset, period);
        PlaneKernels.bytes(type, from, (long) pixels * n, period, factors, summands, to);
        worker.scratch().rewind(mark);
    }

    private long repeated(Worker worker, long values, int period) {
        long to = worker.scratch().allocate(4L * period);
        for (int i = 0; i < period; i += n) {
            Ram.copy(values, to + 4L * i, 4L * n);
        }
        return to;
    }
}
