package dev.limbic.ops.cpu;

import dev.limbic.ops.Heads;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Rotary;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;

/** Operations that decoders are made of; arguments were checked by {@link CpuOps}, which also allocates the results. */
final class CpuDecoding {
    private final Shares shares;

    CpuDecoding(Shares shares) {
        this.shares = shares;
    }

    /** What becomes of one row of f32, in place. */
    private interface RowStep {
        void run(long row);
    }

    private void perRow(Tensor x, Tensor y, RowStep step) {
        int h = x.columns();
        DType type = x.dtype();
        shares.rows(x.rows(), 2L * x.rows() * x.rowBytes(), (worker, from, to) -> {
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
    }

    void layerNorm(Tensor x, Norm norm, Tensor y) {
        long gain = norm.gain().address();
        long bias = norm.bias().address();
        perRow(x, y, row -> RowKernels.layerNorm(row, x.columns(), gain, bias, norm.epsilon()));
    }

    void rmsNorm(Tensor x, Tensor gain, float epsilon, Tensor y) {
        perRow(x, y, row -> DecoderKernels.rmsNorm(row, x.columns(), gain.address(), epsilon));
    }

    void add(Tensor x, Tensor residual) {
        int h = x.columns();
        DType type = x.dtype();
        shares.rows(x.rows(), 2L * x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long sumScratch = worker.scratch().allocate(4L * h);
            long wide = worker.scratch().allocate(4L * h);
            for (int r = from; r < to; r++) {
                long sum = Rows.read(type, residual.row(r), h, sumScratch);
                RowKernels.add(Rows.read(type, x.row(r), h, wide), sum, h);
                Rows.write(type, sum, residual.row(r), h);
            }
            worker.scratch().rewind(mark);
        });
    }

    void swiGlu(Tensor x, Tensor y) {
        int n = y.columns();
        DType type = x.dtype();
        shares.rows(x.rows(), x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long wide = worker.scratch().allocate(8L * n);
            long result = worker.scratch().allocate(4L * n);
            for (int r = from; r < to; r++) {
                long row = Rows.read(type, x.row(r), 2 * n, wide);
                long target = Rows.target(type, y.row(r), result);
                DecoderKernels.siluTimes(row, row + 4L * n, target, n);
                Rows.write(type, target, y.row(r), n);
            }
            worker.scratch().rewind(mark);
        });
    }

    void rotary(Tensor qkv, Rotary rotary, Tensor positions, Heads heads) {
        int turned = heads.queries() + heads.keys();
        int n = turned * heads.size();
        DType type = qkv.dtype();
        int count = rotary.cosine().rows();
        for (int r = 0; r < qkv.rows(); r++) {
            int position = Ram.getInt(positions.address() + 4L * r);
            if (position < 0 || position >= count) {
                throw new IllegalArgumentException("rotary: position " + position + " of " + count);
            }
        }
        shares.rows(qkv.rows(), 2L * qkv.rows() * qkv.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long wide = worker.scratch().allocate(4L * n);
            for (int r = from; r < to; r++) {
                int position = Ram.getInt(positions.address() + 4L * r);
                long row = Rows.read(type, qkv.row(r), n, wide);
                long cosine = rotary.cosine().row(position);
                long sine = rotary.sine().row(position);
                for (int head = 0; head < turned; head++) {
                    long columns = row + 4L * head * heads.size();
                    if (rotary.interleaved()) {
                        DecoderKernels.turnNeighbours(columns, cosine, sine, rotary.dims() / 2);
                    } else {
                        DecoderKernels.turnHalves(columns, cosine, sine, rotary.dims() / 2);
                    }
                }
                Rows.write(type, row, qkv.row(r), n);
            }
            worker.scratch().rewind(mark);
        });
    }

    void cacheAppend(Tensor qkv, CpuKvCache cache, int layer, Tensor slots, Heads heads) {
        int size = heads.size();
        int elementBytes = qkv.dtype().bytes();
        int limit = cache.blocks() * cache.blockTokens();
        for (int t = 0; t < qkv.rows(); t++) {
            int slot = Ram.getInt(slots.address() + 4L * t);
            if (slot >= limit) {
                throw new IllegalArgumentException("cacheAppend: slot " + slot + " of " + limit);
            }
        }
        shares.rows(qkv.rows(), qkv.rows() * qkv.rowBytes(), (worker, from, to) -> {
            for (int t = from; t < to; t++) {
                int slot = Ram.getInt(slots.address() + 4L * t);
                for (int head = 0; slot >= 0 && head < heads.keys(); head++) {
                    long key = qkv.row(t) + (long) (heads.queries() + head) * size * elementBytes;
                    long value = key + (long) heads.keys() * size * elementBytes;
                    long target = cache.keys(layer, slot / cache.blockTokens(), head)
                            + slot % cache.blockTokens() * cache.rowBytes();
                    Rows.convert(qkv.dtype(), key, cache.dtype(), target, size);
                    Rows.convert(qkv.dtype(), value, cache.dtype(), target + cache.toValues(), size);
                }
            }
        });
    }
}
