package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * How one convolution of pictures of one size is cut into calls of oneDNN, and who makes them:
 *
 * <ul>
 *   <li>a convolution of single pixels is a product of rows, cut into blocks of rows, whatever picture they belong to;
 *   <li>others by pictures, in groups of 1, 2, 4, …, or where there are fewer pictures than threads by rows of the result: a
 *       slab of the input is a picture like any other, with its own padding, so that nothing is copied;
 *   <li>one with many weights, and a product of few rows, by output channels, whose part of the result is computed apart and
 *       copied to its place.
 * </ul>
 *
 * Each worker makes its own calls, then takes what is left of others'. Several threads may run it at once.
 */
final class ConvSchedule implements ConvLayer.Single {
    /**
     * What makes two schedules of one convolution the same.
     *
     * @param quantised whether pictures come as bytes with a scale each; then no call has more than one of them
     * @param type of the result, and of pictures that are not quantised
     */
    record Key(
            boolean quantised,
            DType type,
            Planes planes,
            Planes result,
            Padding.Pixels padding,
            int threads,
            Activation activation,
            boolean residual) {
        /** Of the pictures as they are multiplied. */
        DType input() {
            return quantised ? DType.I8 : type;
        }
    }

    /** Rows of one product: they and their result stay in the second-level cache. */
    private static final int BLOCK = 512;

    /** Rows of a product come in multiples of this, but for the last: so many fit the registers or tiles. */
    private static final int ROW_UNIT = 16;

    /**
     * A product of so many columns for each row is cut by columns: then threads read different weights, which are more than the
     * rows that all of them read.
     */
    private static final int COLUMNS_PER_ROW = 2;

    /** Columns of such a part come in multiples of this: those of a block of weights. */
    private static final int COLUMN_UNIT = VectorMath.LANES == 16 ? 32 : 24;

    /** Of such a part, what the last must have at least: else threads would wait for those with more. */
    private static final double LAST_PART = 0.75;

    /** Bytes of the result of one call that computes apart from its place. */
    private static final int APART_BYTES = 256 << 10;

    /**
     * One call.
     *
     * @param input first row of the input tensor
     * @param result first row of the result
     * @param rows of the result
     * @param channels of the result from {@code channel} on
     */
    private record Call(ConvPlan plan, long weights, int input, int result, int rows, int channel, int channels) {}

    private final ConvLayer conv;
    private final ConvLayer.Sliding sliding;
    private final Conv2d.Kernel kernel;
    private final Key key;
    private final ConvActivation activation;
    private final Planes planes;
    private final Planes result;
    private final Padding.Pixels padding;
    private final List<Call> calls = new ArrayList<>();
    private final int threads;
    private final int inputBytes;
    private final int resultBytes;
    private final int elementBytes;

    ConvSchedule(ConvLayer conv, Key key) {
        this.conv = conv;
        this.key = key;
        activation = ConvActivation.of(key.activation, key.type);
        planes = key.planes;
        result = key.result;
        padding = key.padding;
        sliding = conv.sliding();
        kernel = sliding.kernel();
        elementBytes = key.type.bytes();
        inputBytes = kernel.in() * key.input().bytes();
        resultBytes = kernel.out() * elementBytes;
        WorkShare share = WorkShare.of(key.threads, conv.seconds(key.input(), key.type, planes, result));
        threads = share.threads();
        int parts = share.parts();
        int width = panelWidth();
        boolean paneled = width < kernel.out();
        for (int from = 0; from < kernel.out(); from += width) {
            int to = Math.min(kernel.out(), from + width);
            if (isPointwise()) {
                byRows(from, to, paneled ? 1 : parts);
            } else if (paneled) {
                int group = group(APART_BYTES / (result.pixels() * (to - from) * elementBytes));
                addAll(Slab.pictures(planes, result, padding, 0, planes.n(), group), from, to);
            } else {
                bySlabs(from, to, parts);
            }
        }
        conv.weights().settle();
    }

    /** Output channels of a part; all of them where it is cut otherwise. */
    private int panelWidth() {
        int out = kernel.out();
        int width = conv.panelWidth();
        if (threads == 1 || width < out || !isPointwise() || out < COLUMNS_PER_ROW * planes.rows()) {
            return width;
        }
        int part = CpuLinear.roundUp(Math.ceilDiv(out, threads), COLUMN_UNIT);
        int last = out - (threads - 1) * part;
        return last >= LAST_PART * part ? part : width;
    }

    /** Pictures of one call, if it might be so many. */
    private int group(int most) {
        return key.quantised ? 1 : Math.max(1, most);
    }

    /** Whether it is a product of rows. */
    private boolean isPointwise() {
        return kernel.height() == 1
                && kernel.width() == 1
                && sliding.stride() == 1
                && sliding.groups() == 1
                && !sliding.transposed()
                && padding.equals(Padding.NONE);
    }

    private void byRows(int from, int to, int parts) {
        if (key.quantised) {
            for (int i = 0; i < planes.n(); i++) {
                byRows(from, to, Math.ceilDiv(parts, planes.n()), i * planes.pixels(), planes.pixels());
            }
        } else {
            byRows(from, to, parts, 0, planes.rows());
        }
    }

    private void byRows(int from, int to, int parts, int first, int rows) {
        int blocks = Math.max(parts, CpuLinear.roundUp(Math.ceilDiv(rows, BLOCK), parts));
        int step = CpuLinear.roundUp(Math.ceilDiv(rows, blocks), rows > blocks * ROW_UNIT ? ROW_UNIT : 1);
        for (int done = 0; done < rows; done += step) {
            int count = Math.min(step, rows - done);
            add(new Slab(1, 1, 1, 0, first + done, first + done), count, count, 0, from, to);
        }
    }

    private void bySlabs(int from, int to, int parts) {
        int n = planes.n();
        boolean pictures = sliding.transposed() || n % threads == 0 || n >= 4 * threads;
        int group = group(Math.min(n / parts, BLOCK / result.pixels()));
        addAll(
                pictures
                        ? Slab.shared(planes, result, padding, threads, group)
                        : Slab.rows(sliding, planes, result, padding, parts),
                from,
                to);
    }

    private void addAll(List<Slab> slabs, int from, int to) {
        for (Slab slab : slabs) {
            add(slab, planes.w(), result.w(), padding.left(), from, to);
        }
    }

    private void add(Slab slab, int w, int outW, int left, int from, int to) {
        ConvPlan plan =
                conv.plan(key.input(), key.type, slab, w, outW, left, to - from, activation.fused(), key.residual);
        int rows = slab.n() * slab.outH() * outW;
        calls.add(
                new Call(plan, conv.weights().of(plan, from, to), slab.input(), slab.output(), rows, from, to - from));
    }

    @Override
    public void run(CpuEngine engine, long x, long scales, long y) {
        if (threads == 1 || calls.size() == 1) {
            for (Call call : calls) {
                call(engine.team().owner(), call, x, scales, y);
            }
        } else {
            engine.shares().runs(calls.size(), 1, (worker, from, to) -> call(worker, calls.get(from), x, scales, y));
        }
    }

    private void call(Worker worker, Call call, long x, long scales, long y) {
        Arena.Mark mark = worker.scratch().mark();
        long input = x + (long) call.input * inputBytes;
        long place = y + (long) call.result * resultBytes + (long) call.channel * elementBytes;
        long scale = scales + (long) (call.input / planes.pixels()) * Float.BYTES;
        long weightScales = conv.weights().scales() + (long) call.channel * Float.BYTES;
        long bias = conv.bias() + (long) call.channel * Float.BYTES;
        int width = call.channels * elementBytes;
        if (width == resultBytes) {
            call.plan.execute(worker, input, scale, call.weights, weightScales, bias, place);
            activation.after(place, call.rows * call.channels);
        } else {
            long apart = worker.scratch().allocate((long) call.rows * width);
            if (key.residual) {
                for (int row = 0; row < call.rows; row++) {
                    Ram.copy(place + (long) row * resultBytes, apart + (long) row * width, width);
                }
            }
            call.plan.execute(worker, input, scale, call.weights, weightScales, bias, apart);
            activation.after(apart, call.rows * call.channels);
            for (int row = 0; row < call.rows; row++) {
                Ram.copy(apart + (long) row * width, place + (long) row * resultBytes, width);
            }
        }
        worker.scratch().rewind(mark);
    }

    @Override
    public void close() {
        calls.forEach(call -> conv.plans().release(call.plan));
        calls.clear();
    }
}
