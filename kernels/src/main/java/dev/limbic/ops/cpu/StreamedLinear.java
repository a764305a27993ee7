package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.StreamKernels.COLUMNS;
import static dev.limbic.ops.cpu.StreamKernels.LANE_BYTES;
import static dev.limbic.ops.cpu.StreamKernels.SUM_BYTES;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Precision;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.DType;
import java.util.Arrays;

/**
 * A linear layer for the few rows of a decoding step, in which each weight is used so rarely that reading it is all
 * that counts: the same weights that oneDNN multiplies with, read in place, block of columns by block of columns, a run
 * of blocks for each worker.
 *
 * <p>A row's result has the bits that oneDNN gives it, so those with any number of rows: integers are added exactly,
 * bf16 and f32 in oneDNN's order ({@link Bf16Sums}, {@link F32Sums}).
 */
final class StreamedLinear {
    /**
     * With more rows arithmetic counts as well, and oneDNN, whose instructions do more at once, is faster. Measured at
     * GPT-2 small's shape in GB/s of weights, where memory gives 37: bf16 here 37 with one or two rows, there 27 with
     * two and 32 with four; int8 here 33 with one row, there 24 with two and 29 with four. Of f32 a plan for one row adds in
     * another order, and one for four takes longer to compute than to read: with 256-bit vectors 768 x 768 took .37 ms,
     * here .19; with two rows .24 there and .28 here.
     */
    private static final int MOST_ROWS_BF16 = 2;

    private static final int MOST_ROWS_INT8 = 1;

    private static final int MOST_ROWS_F32 = 1;

    private static final long PAD_BYTES = (long) EltwisePlan.ELEMENTS * Float.BYTES;

    /** oneDNN pads K with zeros to 16 lanes. */
    private static final int PADDED_LANES = 16;

    /** Reading so many bytes takes about as long as the other operations need for one; see {@link Shares}. */
    private static final int BYTES_SHARE = 8;

    private final int in;
    private final int out;
    private final Precision precision;
    private final int elementsOfLane;
    private final int lanes;
    private final long blockBytes;

    /** Addresses of the panels' weights. */
    private final long[] panels;

    /** First column of each panel, and all columns. */
    private final int[] bounds;

    /** Blocks before each panel, and all of them. */
    private final int[] firstBlock;

    private final long bias;
    private final long scales;
    private final long columnSums;
    private final long offsets;

    /**
     * @param panels addresses of weights in oneDNN's blocks of 64 columns
     * @param bounds first column of each panel, and all columns
     * @param bias f32 [out], or 0 for none
     * @param scales f32 [out], for int8
     * @param columnSums f32 [out], for int8
     * @param offsets i32 [out]: 128·Σ of a column's integers, for int8
     */
    StreamedLinear(
            int in,
            int out,
            Precision precision,
            long[] panels,
            int[] bounds,
            long bias,
            long scales,
            long columnSums,
            long offsets) {
        this.in = in;
        this.out = out;
        this.precision = precision;
        this.panels = panels;
        this.bounds = bounds;
        this.bias = bias;
        this.scales = scales;
        this.columnSums = columnSums;
        this.offsets = offsets;
        elementsOfLane = LANE_BYTES
                / (precision == Precision.INT8 ? 1 : precision.activations().bytes());
        lanes = Math.ceilDiv(in, elementsOfLane);
        blockBytes = (long) CpuLinear.roundUp(lanes, PADDED_LANES) * COLUMNS * LANE_BYTES;
        firstBlock = new int[panels.length + 1];
        for (int p = 0; p < panels.length; p++) {
            firstBlock[p + 1] = firstBlock[p] + Math.ceilDiv(bounds[p + 1] - bounds[p], COLUMNS);
        }
    }

    /** Whether so many rows are better off here. */
    boolean takes(int rows) {
        return switch (precision) {
            case F32 -> rows <= MOST_ROWS_F32 && F32Sums.areOneDnns(in);
            case INT8 -> rows <= MOST_ROWS_INT8;
            case BF16, F16 -> rows <= MOST_ROWS_BF16 && Bf16Sums.areOneDnns(in);
        };
    }

    /**
     * y = activation(x·Wᵀ + bias), in f32 also of that and y.
     *
     * @param x [rows, in] in the precision's activation type
     * @param y [rows, out] in the same
     */
    void run(Shares shares, Arena scratch, long x, int rows, long y, CpuLinear.Then then) {
        Arena.Mark mark = scratch.mark();
        int blocks = firstBlock[panels.length];
        long share = blocks * blockBytes / BYTES_SHARE;
        if (precision == Precision.INT8) {
            long plane = (long) LANE_BYTES * CpuLinear.roundUp(lanes, PADDED_LANES);
            long planes = scratch.allocate(2 * plane);
            long scaleAndZero = scratch.allocate(2L * Float.BYTES);
            long quantised = scratch.allocate(plane);
            Ram.fill(quantised, plane, (byte) 0);
            Quantise.row(x, in, quantised, scaleAndZero);
            StreamKernels.planes(quantised, lanes, planes, plane);
            shares.pairs(blocks, share, (worker, from, to) -> {
                int8(worker, from, to, planes, plane, scaleAndZero, y, then.activation());
            });
        } else if (precision == Precision.F32) {
            shares.pairs(blocks, share, (worker, from, to) -> floats(worker, from, to, x, 4L * in, rows, y, then));
        } else {
            long stride = (long) LANE_BYTES * CpuLinear.roundUp(in, elementsOfLane * PADDED_LANES);
            long wide = scratch.allocate(rows * stride);
            for (int r = 0; r < rows; r++) {
                long row = wide + r * stride;
                Rows.convert(DType.BF16, x + (long) r * in * DType.BF16.bytes(), DType.F32, row, in);
                Ram.fill(row + 4L * in, stride - 4L * in, (byte) 0);
            }
            shares.pairs(blocks, share, (worker, from, to) -> floats(worker, from, to, wide, stride, rows, y, then));
        }
        scratch.rewind(mark);
    }

    private int panel(int block) {
        int found = Arrays.binarySearch(firstBlock, block);
        return found >= 0 ? found : -found - 2;
    }

    private int column(int block) {
        int p = panel(block);
        return bounds[p] + (block - firstBlock[p]) * COLUMNS;
    }

    private int width(int block) {
        return Math.min(COLUMNS, bounds[panel(block) + 1] - column(block));
    }

    private long weights(int block) {
        int p = panel(block);
        return panels[p] + (block - firstBlock[p]) * blockBytes;
    }

    /** All products of a run of blocks side by side, then what is applied to them. */
    private void floats(Worker worker, int from, int to, long x, long stride, int rows, long y, CpuLinear.Then then) {
        Arena.Mark mark = worker.scratch().mark();
        DType type = precision.activations();
        int columns = CpuLinear.roundUp((to - from) * COLUMNS, EltwisePlan.ELEMENTS);
        long rowBytes = (long) columns * Float.BYTES;
        long sums = worker.scratch().allocate(rows * rowBytes);
        for (int r = 0; r < rows; r++) {
            Ram.fill(sums + (r + 1) * rowBytes - PAD_BYTES, PAD_BYTES, (byte) 0); // what is behind the last column
        }
        if (precision == Precision.F32) {
            f32(worker, from, to, x, sums);
        } else {
            bf16(worker, from, to, x, stride, rows, sums, rowBytes);
        }
        for (int r = 0; r < rows; r++) {
            long row = sums + r * rowBytes;
            long result = y + (long) r * out * type.bytes();
            for (int block = from; block < to; block++) {
                long at = row + (block - from) * SUM_BYTES;
                if (bias != 0) {
                    RowKernels.add(bias + 4L * column(block), at, width(block));
                }
                if (then.sum()) {
                    RowKernels.add(result + 4L * column(block), at, width(block));
                }
            }
            if (then.activation() != CpuLinear.fused(then.activation(), precision)) {
                Activations.row(then.activation(), row, (to - from) * COLUMNS);
            } else if (then.activation() != Activation.NONE) {
                worker.plans().activation(then.activation()).execute(row, columns);
            }
            for (int block = from; block < to; block++) {
                long target = result + (long) column(block) * type.bytes();
                Rows.convert(DType.F32, row + (block - from) * SUM_BYTES, type, target, width(block));
            }
        }
        worker.scratch().rewind(mark);
    }

    private void f32(Worker worker, int from, int to, long x, long sums) {
        long part = worker.scratch().allocate(2 * SUM_BYTES);
        boolean wide = VectorMath.LANES == 16;
        int window = F32Sums.window(in);
        for (int block = from; block < to; block += wide ? 2 : 1) {
            long w = weights(block);
            long next = wide ? weights(Math.min(block + 1, to - 1)) : F32Sums.next(w);
            F32Sums.row(x, w, next, in, window, sums + (block - from) * SUM_BYTES, part);
        }
    }

    private void bf16(Worker worker, int from, int to, long x, long stride, int rows, long sums, long rowBytes) {
        long part = worker.scratch().allocate(2 * SUM_BYTES);
        for (int block = from; block < to; block += rows == 1 ? 2 : 1) {
            long target = sums + (block - from) * SUM_BYTES;
            if (rows == 1) {
                Bf16Sums.row(x, weights(block), weights(Math.min(block + 1, to - 1)), lanes, target, part);
            } else {
                Bf16Sums.rows(x, stride, weights(block), lanes, target, rowBytes, part);
            }
        }
    }

    private void int8(
            Worker worker,
            int from,
            int to,
            long planes,
            long plane,
            long scaleAndZero,
            long y,
            Activation activation) {
        Arena.Mark mark = worker.scratch().mark();
        long sums = worker.scratch().allocate((long) COLUMNS * Integer.BYTES);
        int windows = StreamKernels.windows(lanes);
        long parts = worker.scratch().allocate(StreamKernels.partsBytes(windows));
        for (int block = from; block < to; block++) {
            int column = column(block);
            int width = width(block);
            long weights = weights(block);
            for (int i = 0; i < windows; i++) {
                int first = (int) ((long) i * lanes / windows);
                int last = (int) ((i + 1L) * lanes / windows);
                StreamKernels.int8Row(planes, plane, weights, first, last, parts + StreamKernels.partsBytes(i));
            }
            StreamKernels.int8Sums(parts, windows, offsets + 4L * column, sums);
            StreamKernels.scaled(sums, scales + 4L * column);
            Quantise.epilogue(
                    sums,
                    width,
                    Ram.getFloat(scaleAndZero),
                    Ram.getFloat(scaleAndZero + 4),
                    columnSums + 4L * column,
                    bias == 0 ? 0 : bias + 4L * column);
            Activations.row(activation, sums, width);
            Ram.copy(sums, y + 4L * column, 4L * width);
        }
        worker.scratch().rewind(mark);
    }
}
