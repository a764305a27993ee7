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
 *   <li>one with many weights by output channels, whose part of the result is computed apart and copied to its place.
 * </ul>
 *
 * Each worker makes its own calls, then takes what is left of others'. Belongs to the device's owner.
 */
final class ConvSchedule implements AutoCloseable {
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
            boolean residual) {}

    /** Rows of one product: they and their result stay in the second-level cache. */
    private static final int BLOCK = 512;

    /** Rows of a product come in multiples of this, but for the last: so many fit the registers or tiles. */
    private static final int ROW_UNIT = 16;

    /** Bytes of the result of one call that computes apart from its place. */
    private static final int APART_BYTES = 256 << 10;

    /** What one thread does in a second, pessimistic by as much as waking another costs. */
    private static final double F32_OPERATIONS = 150e9;

    private static final double BF16_OPERATIONS = 1000e9;
    private static final double BYTES = 20e9;

    /** Work of less is not worth waking another thread for. */
    private static final double SMALL_SECONDS = 5e-6;

    /** Work of more is cut once more, so that a thread which is held up holds up the others less. */
    private static final double LARGE_SECONDS = 100e-6;

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
        planes = key.planes;
        result = key.result;
        padding = key.padding;
        sliding = conv.sliding();
        kernel = sliding.kernel();
        elementBytes = key.type.bytes();
        inputBytes = kernel.in() * input().bytes();
        resultBytes = kernel.out() * elementBytes;
        double seconds = seconds();
        threads = seconds < SMALL_SECONDS ? 1 : key.threads;
        int parts = threads > 1 && seconds > LARGE_SECONDS * threads ? 2 * threads : threads;
        int width = conv.panelWidth();
        boolean paneled = width < kernel.out();
        for (int from = 0; from < kernel.out(); from += width) {
            int to = Math.min(kernel.out(), from + width);
            if (isPointwise()) {
                byRows(from, to, paneled ? 1 : parts);
            } else if (paneled) {
                byPictures(
                        from, to, 0, planes.n(), group(APART_BYTES / (result.pixels() * (to - from) * elementBytes)));
            } else {
                bySlabs(from, to, parts);
            }
        }
    }

    private DType input() {
        return key.quantised ? DType.I8 : key.type;
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

    private double seconds() {
        double operations = 2.0
                * (sliding.transposed() ? planes : result).rows()
                * kernel.out()
                * kernel.in()
                / sliding.groups()
                * kernel.height()
                * kernel.width();
        double bytes = (double) planes.rows() * inputBytes + (double) result.rows() * resultBytes;
        return operations / (input().bytes() <= 2 ? BF16_OPERATIONS : F32_OPERATIONS) + bytes / BYTES;
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
            add(plan(1, 1, count, 1, count, 0, 0, to - from), first + done, first + done, count, from, to);
        }
    }

    private void bySlabs(int from, int to, int parts) {
        int n = planes.n();
        int group = group(Math.min(n / parts, BLOCK / result.pixels()));
        if (sliding.transposed() || n % threads == 0 || n >= 4 * threads) {
            // Groups do not reach from one worker's share into another's.
            for (int worker = 0; worker < threads; worker++) {
                byPictures(from, to, worker * n / threads, (worker + 1) * n / threads, group);
            }
            return;
        }
        int window = (kernel.height() - 1) * sliding.dilation() + 1;
        boolean whole = padding.top() >= window || padding.bottom() >= window; // some slab might see no pixel
        int slabs = whole ? 1 : Math.min(result.h(), parts);
        for (int i = 0; i < n; i++) {
            for (int s = 0; s < slabs; s++) {
                int first = s * result.h() / slabs;
                int end = (s + 1) * result.h() / slabs;
                int top = first * sliding.stride() - padding.top();
                int bottom = (end - 1) * sliding.stride() - padding.top() + window;
                int firstInput = Math.clamp(top, 0, planes.h() - 1);
                int endInput = Math.clamp(bottom, firstInput + 1, planes.h());
                add(
                        plan(
                                1,
                                endInput - firstInput,
                                planes.w(),
                                end - first,
                                result.w(),
                                firstInput - top,
                                padding.left(),
                                to - from),
                        (i * planes.h() + firstInput) * planes.w(),
                        (i * result.h() + first) * result.w(),
                        (end - first) * result.w(),
                        from,
                        to);
            }
        }
    }

    /** Pictures {@code first … end − 1} in groups of powers of two, so that plans are few. */
    private void byPictures(int from, int to, int first, int end, int group) {
        for (int i = first; i < end; ) {
            int n = Integer.highestOneBit(Math.min(group, end - i));
            add(
                    plan(n, planes.h(), planes.w(), result.h(), result.w(), padding.top(), padding.left(), to - from),
                    i * planes.pixels(),
                    i * result.pixels(),
                    n * result.pixels(),
                    from,
                    to);
            i += n;
        }
    }

    private ConvPlan plan(int n, int h, int w, int outH, int outW, int top, int left, int channels) {
        return conv.plans()
                .hold(new ConvPlan.Key(
                        input(),
                        key.type,
                        n,
                        h,
                        w,
                        kernel.in(),
                        outH,
                        outW,
                        channels,
                        kernel.height(),
                        kernel.width(),
                        sliding.stride(),
                        sliding.dilation(),
                        top,
                        left,
                        sliding.groups(),
                        sliding.transposed(),
                        key.activation,
                        key.residual));
    }

    private void add(ConvPlan plan, int input, int output, int rows, int from, int to) {
        calls.add(new Call(plan, conv.weights().of(plan, from, to), input, output, rows, from, to - from));
    }

    /**
     * Computes the convolution.
     *
     * @param x address of the first row of the input
     * @param scales of quantised pictures, f32 [N]
     * @param y address of the first row of the result
     */
    void run(CpuEngine engine, long x, long scales, long y) {
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
        } else {
            long apart = worker.scratch().allocate((long) call.rows * width);
            if (key.residual) {
                for (int row = 0; row < call.rows; row++) {
                    Ram.copy(place + (long) row * resultBytes, apart + (long) row * width, width);
                }
            }
            call.plan.execute(worker, input, scale, call.weights, weightScales, bias, apart);
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
