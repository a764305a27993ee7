package dev.limbic.ops.cpu;

import dev.limbic.ops.SampleRow;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Deals the rows of {@code Ops.sample} out to the team; {@link CpuOps} has checked them and allocates the result. */
final class CpuSampling {
    private final Shares shares;
    private final RowSampler[] samplers;

    CpuSampling(Shares shares, int workers) {
        this.shares = shares;
        this.samplers = new RowSampler[workers];
        Arrays.setAll(samplers, i -> new RowSampler());
    }

    /** Bytes of scratch for rows of {@code n} logits: the logits as f32 and their weights, for each worker. */
    long scratchBytes(int n) {
        return samplers.length * bytesOfWorker(n);
    }

    private static long bytesOfWorker(int n) {
        return 4L * roundUp(n) + 8L * roundUp(n);
    }

    private static long roundUp(int n) {
        return n + 15L & -16L;
    }

    /** @param scratch so many bytes as {@link #scratchBytes} says: which worker needs them depends on timing */
    void sample(Tensor logits, List<SampleRow> rows, long scratch, Tensor result) {
        int n = logits.columns();
        int places = SampleRow.mostAlternatives(rows);
        shares.items(rows.size(), 2L * logits.rows() * logits.rowBytes(), (worker, from, to) -> {
            long scores = scratch + worker.index() * bytesOfWorker(n);
            long weights = scores + 4L * roundUp(n);
            for (int r = from; r < to; r++) {
                Rows.convert(logits.dtype(), logits.row(r), DType.F32, scores, n);
                samplers[worker.index()].choose(rows.get(r), scores, weights, n, result.row(r), places);
            }
        });
    }
}
