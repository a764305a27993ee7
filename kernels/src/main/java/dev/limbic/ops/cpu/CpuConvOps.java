package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvChecks;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.ConvTranspose2d;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Upsampling;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Operations on pictures: checks shapes, takes scratch memory, shares the work out over the team. */
final class CpuConvOps implements ConvOps {
    private final CpuEngine engine;
    private final Shares shares;
    private final PlanePooling pooling;

    CpuConvOps(CpuEngine engine) {
        this.engine = engine;
        shares = engine.shares();
        pooling = new PlanePooling(shares, engine.scratch());
    }

    @Override
    public Tensor conv2d(Tensor x, Planes planes, Conv2d weights, Activation activation, @Nullable Tensor residual) {
        CpuConv w = (CpuConv) weights;
        Planes result = ConvChecks.conv2d(x, planes, w, residual);
        DType type = ConvChecks.type(x, w.precision());
        Tensor y = residual != null
                ? residual
                : engine.allocate(type, result.rows(), w.kernel().out());
        ConvLayer.Single schedule =
                w.schedule(type, planes, result, engine.team().size(), activation, residual != null);
        try (Scope _ = engine.scope()) {
            Tensor input = engine.cast(x, type);
            if (w.layer().rounds(planes)) {
                QuantisedPictures bytes = QuantisedPictures.of(engine, input, planes);
                schedule.run(engine, bytes.values(), bytes.scales(), y.address());
            } else {
                schedule.run(engine, input.address(), 0, y.address());
            }
        }
        return y;
    }

    @Override
    public Tensor conv2d(
            Tensor x,
            Planes planes,
            Conv2d first,
            Activation between,
            Conv2d pointwise,
            Activation activation,
            @Nullable Tensor residual) {
        CpuConv one = (CpuConv) first;
        CpuConv two = (CpuConv) pointwise;
        Planes result = ConvChecks.pair(x, planes, one, two, residual);
        DType type = ConvChecks.type(x, two.precision());
        boolean overwrites = residual != null && residual.address() == x.address(); // what other slabs still look at
        boolean apart = overwrites || one.isTiled(type, result) || type != ConvChecks.type(x, one.precision());
        if (apart || !one.isWhole(planes) || !two.isWhole(result)) {
            return ConvOps.super.conv2d(x, planes, first, between, pointwise, activation, residual);
        }
        Tensor y = residual != null
                ? residual
                : engine.allocate(type, result.rows(), two.kernel().out());
        int threads = engine.team().size();
        ConvPairSchedule schedule = two.layer()
                .schedule(new ConvPairSchedule.Key(
                        one.layer(),
                        type,
                        planes,
                        result,
                        one.padding(planes),
                        threads,
                        between,
                        activation,
                        residual != null));
        try (Scope _ = engine.scope()) {
            schedule.run(engine, engine.cast(x, type).address(), y.address());
        }
        return y;
    }

    @Override
    public Tensor convTranspose2d(Tensor x, Planes planes, ConvTranspose2d weights, Activation activation) {
        CpuConvTranspose w = (CpuConvTranspose) weights;
        Planes result = ConvChecks.convTranspose2d(x, planes, w);
        DType type = ConvChecks.type(x, w.precision());
        Tensor input = engine.cast(x, type);
        Tensor y = engine.allocate(type, result.rows(), w.kernel().out());
        w.schedule(type, planes, result, engine.team().size(), activation).run(engine, input.address(), 0, y.address());
        return y;
    }

    @Override
    public Tensor pool2d(Tensor x, Planes planes, Pool2d pool) {
        Planes result = ConvChecks.pool2d(x, planes, pool);
        Tensor y = engine.allocate(x.dtype(), result.rows(), x.columns());
        pooling.pool(x, planes, pool, y);
        return y;
    }

    @Override
    public Tensor adaptiveAverage(Tensor x, Planes planes, int h, int w) {
        Planes result = ConvChecks.sized("adaptiveAverage", x, planes, h, w);
        Tensor y = engine.allocate(x.dtype(), result.rows(), x.columns());
        pooling.adaptiveAverage(x, planes, y, result);
        return y;
    }

    @Override
    public Tensor upsample(Tensor x, Planes planes, int h, int w, Upsampling how) {
        Planes result = ConvChecks.sized("upsample", x, planes, h, w);
        Tensor y = engine.allocate(x.dtype(), result.rows(), x.columns());
        new Upsampler(planes, result, x, y).run(shares, how);
        return y;
    }

    @Override
    public Tensor groupNorm(Tensor x, Planes planes, int groups, Norm norm) {
        ConvChecks.groupNorm(x, planes, groups, norm);
        Tensor y = engine.allocate(x.dtype(), x.rows(), x.columns());
        new GroupNorm(x, planes, groups, norm, y).run(shares, engine.scratch());
        return y;
    }

    @Override
    public void scaleChannels(Tensor x, Planes planes, Tensor s) {
        ConvChecks.scaleChannels(x, planes, s);
        int n = x.columns();
        shares.rows(x.rows(), x.rows() * x.rowBytes(), (worker, from, to) -> {
            Arena.Mark mark = worker.scratch().mark();
            long wide = worker.scratch().allocate(4L * n);
            for (int row = from; row < to; ) {
                int picture = row / planes.pixels();
                int end = Math.min(to, (picture + 1) * planes.pixels());
                long factors = Rows.read(x.dtype(), s.row(picture), n, wide);
                PlaneKernels.scale(x.dtype(), x.row(row), end - row, n, factors);
                row = end;
            }
            worker.scratch().rewind(mark);
        });
    }

    @Override
    public Tensor normalise(Tensor bytes, Planes planes, Tensor scale, Tensor offset, DType type) {
        ConvChecks.normalise(bytes, planes, scale, offset, type);
        if (type == DType.F16) {
            throw new IllegalArgumentException("normalise: the CPU computes in F32 or BF16, asked for " + type);
        }
        int n = bytes.columns();
        Tensor y = engine.allocate(type, bytes.rows(), n);
        ByteNormaliser normaliser = new ByteNormaliser(n, scale.address(), offset.address(), type);
        shares.rows(
                bytes.rows(),
                y.rows() * y.rowBytes(),
                (worker, from, to) -> normaliser.run(worker, bytes.row(from), y.row(from), to - from));
        return y;
    }
}
