package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.CachedSequences;
import dev.limbic.ops.Checks;
import dev.limbic.ops.Heads;
import dev.limbic.ops.KvCache;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Ops;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Recurrent;
import dev.limbic.ops.Rotary;
import dev.limbic.ops.SampleRow;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import dev.limbic.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operations on the CPU: checks shapes, takes scratch memory, shares the work out over the team. */
final class CpuOps implements Ops {
    /** Rows are padded to this many, so that products may round their row count up. */
    private static final int ROW_PADDING = 16;

    /** Below so many rows a thread, a product is shared out by columns. */
    private static final int ROWS_PER_WORKER = 32;

    /** Below so many multiplications a region is not worth waking the team for. */
    private static final long SMALL_PRODUCT = 1 << 20;

    private final Team team;

    private final Arena scratch;
    private final Shares shares;
    private final CpuDecoding decoding;
    private final CpuSampling sampling;

    CpuOps(Team team, Arena scratch) {
        this.team = team;
        this.scratch = scratch;
        shares = new Shares(team);
        decoding = new CpuDecoding(shares);
        sampling = new CpuSampling(shares, team.most());
    }

    /** A scratch tensor whose rows may be rounded up by products. */
    Tensor allocate(DType type, int... dims) {
        Shape shape = Shape.of(dims);
        Tensor probe = new Tensor(type, shape, 0);
        long bytes = CpuLinear.roundUp(probe.rows(), ROW_PADDING) * probe.rowBytes();
        return new Tensor(type, shape, scratch.allocate(bytes));
    }

    @Override
    public Tensor linear(Tensor x, Linear weights, Activation activation) {
        CpuLinear w = (CpuLinear) weights;
        Checks.linear(x, w);
        DType type = w.precision().activations();
        Tensor input = x.dtype() == type ? x : cast(x, type);
        int t = x.rows();
        Tensor y = allocate(type, t, w.out());
        int size = team.size();
        StreamedLinear streamed = w.forFewRows();
        if (streamed != null && streamed.takes(t)) {
            streamed.run(shares, scratch, input.address(), t, y.address(), activation);
        } else if (size == 1 || (long) t * w.in() * w.out() < SMALL_PRODUCT) {
            w.rows(team.owner(), input.address(), t, y.address(), activation, 0, w.panels());
        } else if (t >= size * ROWS_PER_WORKER || w.panels() == 1) {
            // Inner boundaries lie on multiples of the padding: no worker's rounding reaches another's rows.
            int runs = CpuLinear.roundUp(Math.ceilDiv(t, w.blockRows()), size);
            shares.runs(
                    t,
                    CpuLinear.roundUp(Math.ceilDiv(t, runs), ROW_PADDING),
                    (worker, from, to) ->
                            w.rows(worker, input.row(from), to - from, y.row(from), activation, 0, w.panels()));
        } else {
            team.run(worker -> {
                for (int p = worker.index(); p < w.panels(); p += size) {
                    w.rows(worker, input.address(), t, y.address(), activation, p, p + 1);
                }
            });
        }
        return y;
    }

    private Tensor cast(Tensor x, DType type) {
        Tensor y = allocate(type, x.rows(), x.columns());
        int n = x.columns();
        shares.rows(x.rows(), x.rows() * x.rowBytes(), (worker, from, to) -> {
            for (int r = from; r < to; r++) {
                Rows.convert(x.dtype(), x.row(r), type, y.row(r), n);
            }
        });
        return y;
    }

    @Override
    public Tensor embed(List<Lookup> lookups, @Nullable Norm norm) {
        Checks.embed(lookups, norm);
        Tensor first = lookups.getFirst().table();
        int t = lookups.getFirst().ids().rows();
        int h = first.columns();
        DType type = first.dtype();
        Tensor y = allocate(type, t, h);
        shares.rows(t, t * y.rowBytes(), (worker, from, to) -> {
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
    public void addLayerNorm(Tensor x, Tensor residual, Norm norm) {
        Checks.addLayerNorm(x, residual, norm);
        int h = x.columns();
        DType type = x.dtype();
        shares.rows(x.rows(), 2L * x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long sumScratch = worker.scratch().allocate(4L * h);
            long wide = worker.scratch().allocate(4L * h);
            for (int r = from; r < to; r++) {
                long sum = Rows.read(type, residual.row(r), h, sumScratch);
                RowKernels.add(Rows.read(type, x.row(r), h, wide), sum, h);
                RowKernels.layerNorm(sum, h, norm.gain().address(), norm.bias().address(), norm.epsilon());
                Rows.write(type, sum, residual.row(r), h);
            }
            worker.scratch().rewind(mark);
        });
    }

    @Override
    public Tensor attention(Tensor qkv, Sequences sequences, int heads, boolean causal) {
        Checks.attention(qkv, sequences, heads);
        int h = qkv.columns() / 3;
        int d = h / heads;
        DType type = qkv.dtype();
        Tensor y = allocate(type, qkv.rows(), h);
        long headBytes = (long) d * type.bytes();
        shares.items(sequences.count() * heads, qkv.rows() * qkv.rowBytes(), (worker, from, to) -> {
            for (int i = from; i < to; i++) {
                int sequence = i / heads;
                int head = i % heads;
                int start = sequences.first(sequence);
                long q = qkv.row(start) + head * headBytes;
                Attention.head(
                        worker,
                        type,
                        q,
                        q + heads * headBytes,
                        q + 2L * heads * headBytes,
                        qkv.rowBytes(),
                        sequences.length(sequence),
                        d,
                        causal,
                        y.row(start) + head * headBytes,
                        y.rowBytes());
            }
        });
        return y;
    }

    @Override
    public Tensor layerNorm(Tensor x, Norm norm) {
        Checks.layerNorm(x, norm);
        Tensor y = allocate(x.dtype(), x.rows(), x.columns());
        decoding.layerNorm(x, norm, y);
        return y;
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor gain, float epsilon) {
        Checks.rmsNorm(x, gain);
        Tensor y = allocate(x.dtype(), x.rows(), x.columns());
        decoding.rmsNorm(x, gain, epsilon, y);
        return y;
    }

    @Override
    public void add(Tensor x, Tensor residual) {
        Checks.add(x, residual);
        decoding.add(x, residual);
    }

    @Override
    public Tensor swiGlu(Tensor x) {
        Checks.swiGlu(x);
        Tensor y = allocate(x.dtype(), x.rows(), x.columns() / 2);
        decoding.swiGlu(x, y);
        return y;
    }

    @Override
    public void rotary(Tensor qkv, Rotary rotary, Tensor positions, Heads heads) {
        Checks.rotary(qkv, rotary, positions, heads);
        decoding.rotary(qkv, rotary, positions, heads);
    }

    @Override
    public void cacheAppend(Tensor qkv, KvCache cache, int layer, Tensor slots, Heads heads) {
        Checks.cacheAppend(qkv, cache, layer, slots, heads);
        decoding.cacheAppend(qkv, (CpuKvCache) cache, layer, slots, heads);
    }

    @Override
    public Tensor cachedAttention(
            Tensor qkv, KvCache cache, int layer, CachedSequences sequences, Heads heads, int window) {
        Checks.cachedAttention(qkv, cache, layer, sequences, heads, window);
        Tensor y = allocate(qkv.dtype(), qkv.rows(), heads.queries() * heads.size());
        new CachedAttention(qkv, (CpuKvCache) cache, layer, sequences, heads, window, y).run(shares, scratch);
        return y;
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        Checks.gatherRows(rows);
        Tensor y = allocate(x.dtype(), rows.rows(), x.columns());
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
        Tensor wideScores = scores.dtype() == DType.F32 ? scores : cast(scores, DType.F32);
        Tensor weights = allocate(DType.F32, x.rows(), 1);
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
        Tensor y = allocate(type, sequences.count(), h);
        shares.rows(sequences.count(), x.rows() * x.rowBytes(), (worker, from, to) -> {
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

    @Override
    public Tensor concat(List<Tensor> parts) {
        int columns = Checks.concat(parts);
        Tensor first = parts.getFirst();
        Tensor y = allocate(first.dtype(), first.rows(), columns);
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
    public Tensor softmax(Tensor x) {
        Checks.numbers("softmax", x);
        int n = x.columns();
        DType type = x.dtype();
        Tensor y = allocate(type, x.rows(), n);
        shares.rows(x.rows(), x.rows() * x.rowBytes(), (worker, from, to) -> {
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
    public Tensor sample(Tensor logits, List<SampleRow> rows) {
        Checks.sample(logits, rows);
        Tensor y = allocate(DType.F32, rows.size(), SampleRow.FIRST_ALTERNATIVE + 2 * SampleRow.mostAlternatives(rows));
        try (Scope _ = scope()) {
            sampling.sample(logits, rows, scratch.allocate(sampling.scratchBytes(logits.columns())), y);
        }
        return y;
    }

    @Override
    public RecurrentOutput recurrent(Tensor x, Recurrent weights, Sequences sequences) {
        CpuRecurrent w = (CpuRecurrent) weights;
        Checks.recurrent(x, w, sequences);
        int directions = w.directions();
        DType type = w.precision().activations();
        Tensor outputs = allocate(type, x.rows(), directions * w.hidden());
        Tensor finals = allocate(type, sequences.count(), directions * w.hidden());
        try (Scope _ = scope()) {
            Tensor projected = linear(x, w.input(), Activation.NONE);
            int[] order = longestFirst(sequences);
            int groups = Math.min(sequences.count(), Math.max(1, team.size() / directions));
            shares.items(directions * groups, projected.rows() * projected.rowBytes(), (worker, from, to) -> {
                for (int i = from; i < to; i++) {
                    int first = (i / directions) * order.length / groups;
                    int last = (i / directions + 1) * order.length / groups;
                    w.run(worker, i % directions, order, first, last, projected, sequences, outputs, finals);
                }
            });
        }
        return new RecurrentOutput(outputs, finals);
    }

    private static int[] longestFirst(Sequences sequences) {
        long[] keys = new long[sequences.count()];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = ((long) -sequences.length(i) << 32) | i;
        }
        Arrays.sort(keys);
        return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
    }

    @Override
    public Scope scope() {
        Arena.Mark mark = scratch.mark();
        return () -> scratch.rewind(mark);
    }
}
