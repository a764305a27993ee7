package dev.limbic.ops.cuda;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvChecks;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.ConvTranspose2d;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Upsampling;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Operations on pictures: convolutions by cuDNN, the rest by kernels of ours. */
final class CudaConvOps implements ConvOps {
    /** A window of more pixels is shared out among the warps of a block. */
    private static final int LARGE_WINDOW = 64;

    private static final long MOST_THREADS = (1L << 32) - KernelNumbers.ROW_BLOCK;

    private final CudaEngine engine;

    CudaConvOps(CudaEngine engine) {
        this.engine = engine;
    }

    private static int blocks(Tensor elements) {
        return blocks(elements.shape().elements());
    }

    /** Kernels count threads by 32 bits. */
    private static int blocks(long threads) {
        if (threads >= MOST_THREADS) {
            throw new IllegalArgumentException(
                    "pictures: a result that fewer than " + MOST_THREADS + " threads write expected, found " + threads);
        }
        return Math.toIntExact(Math.ceilDiv(threads, KernelNumbers.ROW_BLOCK));
    }

    /**
     * How many channels a thread takes: as many as 16 bytes hold, where all that is read and written is so aligned.
     *
     * @param addresses of rows of so many channels
     */
    private static int chunk(DType type, int channels, long... addresses) {
        int chunk = KernelNumbers.CHUNK_BYTES / type.bytes();
        boolean aligned = channels % chunk == 0;
        for (long address : addresses) {
            aligned &= address % KernelNumbers.CHUNK_BYTES == 0;
        }
        return aligned ? chunk : 1;
    }

    @Override
    public Tensor conv2d(Tensor x, Planes planes, Conv2d weights, Activation activation, @Nullable Tensor residual) {
        CudaConv w = (CudaConv) weights;
        Planes result = ConvChecks.conv2d(x, planes, w, residual);
        DType type = w.precision().activations();
        Tensor y = residual != null
                ? residual
                : engine.allocate(type, result.rows(), w.kernel().out());
        try (Scope _ = engine.scope()) {
            Tensor input = engine.cast(x, w.layer().computes().activations());
            if (CudaConv.isDepthwise(w.kernel(), w.geometry().groups())) {
                depthwise(input, planes, w, activation, residual, result, y);
            } else {
                Tensor sums = engine.allocate(input.dtype(), result.rows(), y.columns());
                convolve(input, planes, w, result, sums);
                finish(sums, w.layer().bias(), activation, residual, y);
            }
        }
        return y;
    }

    private void depthwise(
            Tensor x,
            Planes planes,
            CudaConv w,
            Activation activation,
            @Nullable Tensor residual,
            Planes result,
            Tensor y) {
        Padding.Pixels padding = w.padding(planes);
        Tensor inner = y.dtype() == x.dtype() ? y : engine.allocate(x.dtype(), y.rows(), y.columns());
        Tensor added = residual == null ? null : engine.cast(residual, x.dtype());
        CudaConvLayer layer = w.layer();
        long residuals = added == null ? 0 : added.address();
        int chunk = w.kernel().in() == w.kernel().out()
                ? chunk(x.dtype(), y.columns(), inner.address(), x.address(), layer.weights(), layer.bias(), residuals)
                : 1;
        engine.kernels()
                .of("convolution", "depthwise", x.dtype())
                .pointer(inner.address())
                .pointer(x.address())
                .pointer(layer.weights())
                .pointer(layer.bias())
                .pointer(residuals)
                .integer(chunk)
                .integer(planes.n())
                .integer(planes.h())
                .integer(planes.w())
                .integer(x.columns())
                .integer(result.h())
                .integer(result.w())
                .integer(y.columns())
                .integer(w.kernel().height())
                .integer(w.kernel().width())
                .integer(w.geometry().stride())
                .integer(w.geometry().dilation())
                .integer(padding.top())
                .integer(padding.left())
                .integer(KernelNumbers.code(activation))
                .launch(blocks(y.shape().elements() / chunk), KernelNumbers.ROW_BLOCK);
        engine.cast(inner, y);
    }

    /** cuDNN pads both sides alike; where that is not wanted, the zeros are written out. */
    private void convolve(Tensor x, Planes planes, CudaConv w, Planes result, Tensor y) {
        Padding.Pixels p = w.padding(planes);
        boolean even = p.top() == p.bottom() && p.left() == p.right();
        Planes seen =
                even ? planes : planes.sized(planes.h() + p.top() + p.bottom(), planes.w() + p.left() + p.right());
        Tensor input = x;
        if (!even) {
            input = engine.allocate(x.dtype(), seen.rows(), x.columns());
            engine.kernels()
                    .of("convolution", "pad_planes", x.dtype())
                    .pointer(input.address())
                    .pointer(x.address())
                    .integer(planes.n())
                    .integer(planes.h())
                    .integer(planes.w())
                    .integer(seen.h())
                    .integer(seen.w())
                    .integer(x.columns())
                    .integer(p.top())
                    .integer(p.left())
                    .launch(blocks(input), KernelNumbers.ROW_BLOCK);
        }
        w.layer()
                .plan(new CudnnConvolution.Shape(
                        seen,
                        result,
                        w.kernel(),
                        even ? p.top() : 0,
                        even ? p.left() : 0,
                        w.geometry().stride(),
                        w.geometry().dilation(),
                        w.geometry().groups(),
                        w.layer().computes()))
                .run(input.address(), w.layer().weights(), y.address(), engine.scratch());
    }

    private void finish(Tensor sums, long bias, Activation activation, @Nullable Tensor residual, Tensor y) {
        Tensor target = sums.dtype() == y.dtype() ? y : sums;
        Tensor added = residual == null ? null : engine.cast(residual, sums.dtype());
        long residuals = added == null ? 0 : added.address();
        int chunk = chunk(sums.dtype(), y.columns(), target.address(), sums.address(), bias, residuals);
        engine.kernels()
                .of("convolution", "conv_finish", sums.dtype())
                .pointer(target.address())
                .pointer(sums.address())
                .pointer(bias)
                .pointer(residuals)
                .integer(chunk)
                .integer(y.rows())
                .integer(y.columns())
                .integer(KernelNumbers.code(activation))
                .launch(blocks(y.shape().elements() / chunk), KernelNumbers.ROW_BLOCK);
        engine.cast(target, y);
    }

    @Override
    public Tensor convTranspose2d(Tensor x, Planes planes, ConvTranspose2d weights, Activation activation) {
        CudaConvTranspose w = (CudaConvTranspose) weights;
        Planes result = ConvChecks.convTranspose2d(x, planes, w);
        Padding.Pixels p = w.geometry().padding();
        if (p.top() != p.bottom() || p.left() != p.right()) {
            throw new IllegalArgumentException(
                    "convTranspose2d: on CUDA the same padding on both sides expected, found " + p);
        }
        Tensor y = engine.allocate(
                w.precision().activations(), result.rows(), w.kernel().out());
        try (Scope _ = engine.scope()) {
            Tensor input = engine.cast(x, w.layer().computes().activations());
            Tensor sums = engine.allocate(input.dtype(), y.rows(), y.columns());
            // The convolution whose gradient it is goes the other way.
            Conv2d.Kernel backwards = new Conv2d.Kernel(
                    w.kernel().out(),
                    w.kernel().in(),
                    w.kernel().height(),
                    w.kernel().width());
            w.layer()
                    .plan(new CudnnConvolution.Shape(
                            result,
                            planes,
                            backwards,
                            p.top(),
                            p.left(),
                            w.geometry().stride(),
                            w.geometry().dilation(),
                            w.geometry().groups(),
                            w.layer().computes()))
                    .run(input.address(), w.layer().weights(), sums.address(), engine.scratch());
            finish(sums, w.layer().bias(), activation, null, y);
        }
        return y;
    }

    @Override
    public Tensor pool2d(Tensor x, Planes planes, Pool2d pool) {
        Planes result = ConvChecks.pool2d(x, planes, pool);
        Padding.Pixels padding = pool.padding(planes);
        int size = pool.height() * pool.width();
        return pool(
                x,
                planes,
                result,
                new int[] {pool.height(), pool.width(), pool.stride(), pool.stride(), padding.top(), padding.left()},
                pool.pooling(),
                pool.countPadding() ? size : 0,
                size);
    }

    @Override
    public Tensor adaptiveAverage(Tensor x, Planes planes, int h, int w) {
        Planes result = ConvChecks.sized("adaptiveAverage", x, planes, h, w);
        int size = Math.ceilDiv(planes.h(), h) * Math.ceilDiv(planes.w(), w);
        return pool(x, planes, result, new int[] {0, 0, h, w, 0, 0}, Pooling.MEAN, 0, size);
    }

    private Tensor pool(
            Tensor x, Planes planes, Planes result, int[] window, Pooling pooling, int divisor, int pixels) {
        Tensor y = engine.allocate(x.dtype(), result.rows(), x.columns());
        boolean large = pixels > LARGE_WINDOW && result.rows() <= 0xFFFF;
        int chunk = large ? 1 : chunk(x.dtype(), x.columns(), y.address(), x.address());
        Kernels launch = engine.kernels()
                .of("planes", large ? "pool_large" : "pool_planes", x.dtype())
                .pointer(y.address())
                .pointer(x.address());
        if (!large) {
            launch.integer(chunk);
        }
        launch.integer(planes.n())
                .integer(planes.h())
                .integer(planes.w())
                .integer(x.columns())
                .integer(result.h())
                .integer(result.w());
        for (int number : window) {
            launch.integer(number);
        }
        launch.integer(KernelNumbers.code(pooling)).integer(divisor);
        if (large) {
            launch.launch(Math.ceilDiv(x.columns(), KernelNumbers.WARP), result.rows(), 1, KernelNumbers.ROW_BLOCK, 0);
        } else {
            launch.launch(blocks(y.shape().elements() / chunk), KernelNumbers.ROW_BLOCK);
        }
        return y;
    }

    @Override
    public Tensor upsample(Tensor x, Planes planes, int h, int w, Upsampling how) {
        Planes result = ConvChecks.sized("upsample", x, planes, h, w);
        Tensor y = engine.allocate(x.dtype(), result.rows(), x.columns());
        engine.kernels()
                .of("planes", "upsample", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .integer(planes.n())
                .integer(planes.h())
                .integer(planes.w())
                .integer(x.columns())
                .integer(h)
                .integer(w)
                .integer(KernelNumbers.code(how))
                .launch(blocks(y), KernelNumbers.ROW_BLOCK);
        return y;
    }

    @Override
    public Tensor groupNorm(Tensor x, Planes planes, int groups, Norm norm) {
        ConvChecks.groupNorm(x, planes, groups, norm);
        Tensor y = engine.allocate(x.dtype(), x.rows(), x.columns());
        engine.kernels()
                .of("group_norm", "group_norm", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .pointer(norm.gain().address())
                .pointer(norm.bias().address())
                .number(norm.epsilon())
                .integer(planes.pixels())
                .integer(x.columns())
                .integer(x.columns() / groups)
                .launch(groups, planes.n(), 1, KernelNumbers.ROW_BLOCK, 0);
        return y;
    }

    @Override
    public void scaleChannels(Tensor x, Planes planes, Tensor s) {
        ConvChecks.scaleChannels(x, planes, s);
        int chunk = chunk(x.dtype(), x.columns(), x.address(), s.address());
        engine.kernels()
                .of("planes", "scale_channels", x.dtype())
                .pointer(x.address())
                .pointer(s.address())
                .integer(chunk)
                .integer(x.rows())
                .integer(planes.pixels())
                .integer(x.columns())
                .launch(blocks(x.shape().elements() / chunk), KernelNumbers.ROW_BLOCK);
    }

    @Override
    public Tensor normalise(Tensor bytes, Planes planes, Tensor scale, Tensor offset, DType type) {
        ConvChecks.normalise(bytes, planes, scale, offset, type);
        Tensor y = engine.allocate(type, bytes.rows(), bytes.columns());
        engine.kernels()
                .of("planes", "normalise", type)
                .pointer(y.address())
                .pointer(bytes.address())
                .pointer(scale.address())
                .pointer(offset.address())
                .wide(bytes.shape().elements())
                .integer(bytes.columns())
                .launch(blocks(y), KernelNumbers.ROW_BLOCK);
        return y;
    }
}
