package dev.limbic.ops.cpu;

import dev.limbic.ops.Checks;
import dev.limbic.ops.SampleOps;
import dev.limbic.ops.SampleRow;
import dev.limbic.ops.Scope;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** The choice of tokens: rows are dealt out to the team. */
final class CpuSampleOps implements SampleOps {
    private final CpuEngine engine;
    private final RowSampler[] samplers;

    CpuSampleOps(CpuEngine engine) {
        this.engine = engine;
        this.samplers = new RowSampler[engine.team().places()];
        Arrays.setAll(samplers, i -> new RowSampler());
    }

    /** Bytes for a row of {@code n} logits: the logits as f32 and their weights. */
    private static long bytesOfWorker(int n) {
        return 4L * roundUp(n) + 8L * roundUp(n);
    }

    private static long roundUp(int n) {
        return n + 15L & -16L;
    }

    @Override
    public Tensor sample(Tensor logits, List<SampleRow> rows) {
        Checks.sample(logits, rows);
        int n = logits.columns();
        int places = SampleRow.mostAlternatives(rows);
        Tensor y = engine.allocate(DType.F32, rows.size(), SampleRow.FIRST_ALTERNATIVE + 2 * places);
        try (Scope _ = engine.scope()) {
            // For each worker: which ones need it depends on timing.
            long scratch = engine.scratch().allocate(samplers.length * bytesOfWorker(n));
            engine.shares().items(rows.size(), 2L * logits.rows() * logits.rowBytes(), (worker, from, to) -> {
                long scores = scratch + worker.index() * bytesOfWorker(n);
                long weights = scores + 4L * roundUp(n);
                for (int r = from; r < to; r++) {
                    Rows.convert(logits.dtype(), logits.row(r), DType.F32, scores, n);
                    samplers[worker.index()].choose(rows.get(r), scores, weights, n, y.row(r), places);
                }
            });
        }
        return y;
    }
}
