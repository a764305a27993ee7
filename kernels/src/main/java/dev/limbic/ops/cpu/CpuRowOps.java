package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Checks;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.RowOps;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operations on rows: each thread widens a row of its share to f32, works on it and stores it. */
final class CpuRowOps implements RowOps {
    private final CpuEngine engine;
    private final Products products;

    CpuRowOps(CpuEngine engine, Products products) {
        this.engine = engine;
        this.products = products;
    }

    @Override
    public Tensor linear(Tensor x, Linear weights, Activation activation) {
        return products.linear(x, weights, activation);
    }

    /** Where oneDNN multiplies it also adds, which saves two rounds through memory. */
    @Override
    public void linearAdd(Tensor x, Linear weights, Tensor residual) {
        Checks.linearAdd(x, weights, residual);
        if (!products.add(x, (CpuLinear) weights, residual)) {
            RowOps.super.linearAdd(x, weights, residual);
        }
    }

    @Override
    public Tensor embed(List<Lookup> lookups, @Nullable Norm norm) {
        Checks.embed(lookups, norm);
        Tensor first = lookups.getFirst().table();
        int t = lookups.getFirst().ids().rows();
        int h = first.columns();
        DType type = first.dtype();
        Tensor y = engine.allocate(type, t, h);
        engine.shares().rows(t, t * y.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long sum = worker.scratch().allocate(4L * h);
            long wide = worker.scratch().allocate(4L * h);
            for (int r = from; r < to; r++) {
                for (int i = 0; i < lookups.size(); i++) {
                    Lookup l = lookups.get(i);
                    long row = l.table().row(Ram.getInt(l.ids().address() + 4L * r));
                    if (i == 0) {
                        Rows.convert(type, row, DType.F32, sum, h);
                    } else {
                        RowKernels.add(Rows.read(type, row, h, wide), sum, h);
                    }
                }
                if (norm != null) {
                    RowKernels.layerNorm(
                            sum, h, norm.gain().address(), norm.bias().address(), norm.epsilon());
                }
                Rows.convert(DType.F32, sum, type, y.row(r), h);
            }
            worker.scratch().rewind(mark);
        });
        return y;
    }

    @Override
    public Tensor layerNorm(Tensor x, Norm norm) {
        Checks.layerNorm(x, norm);
        long gain = norm.gain().address();
        long bias = norm.bias().address();
        return perRow(x, row -> RowKernels.layerNorm(row, x.columns(), gain, bias, norm.epsilon()));
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor gain, float epsilon) {
        Checks.rmsNorm(x, gain);
        return perRow(x, row -> RowKernels.rmsNorm(row, x.columns(), gain.address(), epsilon));
    }

    /** What becomes of one row of f32, in place. */
    private interface RowStep {
        void run(long row);
    }

    private Tensor perRow(Tensor x, RowStep step) {
        int h = x.columns();
        DType type = x.dtype();
        Tensor y = engine.allocate(type, x.rows(), h);
        engine.shares().rows(x.rows(), 2L * x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long wide = worker.scratch().allocate(4L * h);
            for (int r = from; r < to; r++) {
                long row = Rows.target(type, y.row(r), wide);
                Rows.convert(type, x.row(r), DType.F32, row, h);
                step.run(row);
                Rows.write(type, row, y.row(r), h);
            }
            worker.scratch().rewind(mark);
        });
        return y;
    }

    @Override
    public void addLayerNorm(Tensor x, Tensor residual, Norm norm) {
        Checks.addLayerNorm(x, residual, norm);
        int h = x.columns();
        long gain = norm.gain().address();
        long bias = norm.bias().address();
        sums(x, residual, sum -> RowKernels.layerNorm(sum, h, gain, bias, norm.epsilon()));
    }

    @Override
    public void add(Tensor x, Tensor residual) {
        Checks.add(x, residual);
        int h = x.columns();
        engine.shares().rows(x.rows(), 2L * x.rows() * x.rowBytes(), (worker, from, to) -> {
            if (x.dtype() == DType.F32) {
                RowKernels.add(x.row(from), residual.row(from), (to - from) * h);
            } else {
                RowKernels.addBf16(x.row(from), residual.row(from), (to - from) * h);
            }
        });
    }

    /** residual ← what becomes of residual + x. */
    private void sums(Tensor x, Tensor residual, RowStep step) {
        int h = x.columns();
        DType type = x.dtype();
        engine.shares().rows(x.rows(), 2L * x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long sumScratch = worker.scratch().allocate(4L * h);
            long wide = worker.scratch().allocate(4L * h);
            for (int r = from; r < to; r++) {
                long sum = Rows.read(type, residual.row(r), h, sumScratch);
                RowKernels.add(Rows.read(type, x.row(r), h, wide), sum, h);
                step.run(sum);
                Rows.write(type, sum, residual.row(r), h);
            }
            worker.scratch().rewind(mark);
        });
    }

    @Override
    public Tensor swiGlu(Tensor x) {
        Checks.swiGlu(x);
        int n = x.columns() / 2;
        DType type = x.dtype();
        Tensor y = engine.allocate(type, x.rows(), n);
        engine.shares().rows(x.rows(), x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long wide = worker.scratch().allocate(8L * n);
            long result = worker.scratch().allocate(4L * n);
            for (int r = from; r < to; r++) {
                long row = Rows.read(type, x.row(r), 2 * n, wide);
                long target = Rows.target(type, y.row(r), result);
                RowKernels.siluTimes(row, row + 4L * n, target, n);
                Rows.write(type, target, y.row(r), n);
            }
            worker.scratch().rewind(mark);
        });
        return y;
    }

    @Override
    public Tensor softmax(Tensor x) {
        Checks.numbers("softmax", x);
        int n = x.columns();
        DType type = x.dtype();
        Tensor y = engine.allocate(type, x.rows(), n);
        engine.shares().rows(x.rows(), x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long wide = worker.scratch().allocate(4L * n);
            long result = worker.scratch().allocate(4L * n);
            for (int r = from; r < to; r++) {
                long target = Rows.target(type, y.row(r), result);
                RowKernels.softmax(Rows.read(type, x.row(r), n, wide), target, n);
                Rows.write(type, target, y.row(r), n);
            }
            worker.scratch().rewind(mark);
        });
        return y;
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        Checks.gatherRows(rows);
        Tensor y = engine.allocate(x.dtype(), rows.rows(), x.columns());
        for (int i = 0; i < rows.rows(); i++) {
            int row = Ram.getInt(rows.address() + 4L * i);
            if (row < 0 || row >= x.rows()) {
                throw new IllegalArgumentException("gatherRows: row " + row + " of " + x.shape());
            }
            Ram.copy(x.row(row), y.row(i), x.rowBytes());
        }
        return y;
    }

    @Override
    public Tensor concat(List<Tensor> parts) {
        int columns = Checks.concat(parts);
        Tensor first = parts.getFirst();
        Tensor y = engine.allocate(first.dtype(), first.rows(), columns);
        for (int r = 0; r < first.rows(); r++) {
            long to = y.row(r);
            for (Tensor part : parts) {
                Ram.copy(part.row(r), to, part.rowBytes());
                to += part.rowBytes();
            }
        }
        return y;
    }

    @Override
    public Tensor pool(Tensor x, Sequences sequences, Pooling pooling) {
        Checks.sequences("pool", x, sequences);
        return reduce(x, sequences, (row, first, length, wide, sum) -> {
            if (row == first) {
                Ram.copy(wide, sum, 4L * x.columns());
            } else if (pooling == Pooling.MAX) {
                RowKernels.max(wide, sum, x.columns());
            } else {
                RowKernels.add(wide, sum, x.columns());
            }
            if (pooling == Pooling.MEAN && row == first + length - 1) {
                RowKernels.scale(1f / length, sum, x.columns());
            }
        });
    }

    @Override
    public Tensor attentionPool(Tensor x, Tensor scores, Sequences sequences) {
        Checks.attentionPool(x, scores, sequences);
        Tensor wideScores = engine.cast(scores, DType.F32);
        Tensor weights = engine.allocate(DType.F32, x.rows(), 1);
        return reduce(x, sequences, (row, first, length, wide, sum) -> {
            if (row == first) {
                RowKernels.softmax(wideScores.row(first), weights.row(first), length);
                Ram.fill(sum, 4L * x.columns(), (byte) 0);
            }
            RowKernels.addScaled(wide, Ram.getFloat(weights.row(row)), sum, x.columns());
        });
    }

    /** Visits the rows of one sequence in order, each widened to f32, to fill one f32 row. */
    private interface Reduction {
        void visit(int row, int first, int length, long wide, long sum);
    }

    private Tensor reduce(Tensor x, Sequences sequences, Reduction reduction) {
        int h = x.columns();
        DType type = x.dtype();
        Tensor y = engine.allocate(type, sequences.count(), h);
        engine.shares().rows(sequences.count(), x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long sum = worker.scratch().allocate(4L * h);
            long wide = worker.scratch().allocate(4L * h);
            for (int b = from; b < to; b++) {
                int first = sequences.first(b);
                int length = sequences.length(b);
                for (int row = first; row < first + length; row++) {
                    reduction.visit(row, first, length, Rows.read(type, x.row(row), h, wide), sum);
                }
                Rows.convert(DType.F32, sum, type, y.row(b), h);
            }
            worker.scratch().rewind(mark);
        });
        return y;
    }
}
