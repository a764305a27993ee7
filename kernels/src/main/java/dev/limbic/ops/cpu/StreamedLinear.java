package dev.limbic.ops.cpu;

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
 * <p>A row's result has the same bits with each number of rows that is taken here, and in int8 those of oneDNN as well,
 * so there with any number of rows. In bf16 oneDNN adds in another order and rounds differently.
 */
final class StreamedLinear {
    /**
     * With more rows arithmetic counts as well, and oneDNN, whose instructions do more at once, is faster. Measured at
     * GPT-2 small's shape in GB/s of weights, here and there, where memory gives 58: bf16 48 and 32 with one row, 38
     * and 38 with three, 31 and 40 with four; int8 40 and 28 with one row.
     */
    private static final int MOST_ROWS_BF16 = 2;

    private static final int MOST_ROWS_INT8 = 1;

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

    /**
     * @param panels addresses of weights in oneDNN's blocks of 64 columns
     * @param bounds first column of each panel, and all columns
     * @param bias f32 [out], or 0 for none
     * @param scales f32 [out], for int8
     * @param columnSums f32 [out], for int8
     */
    StreamedLinear(
            int in,
            int out,
            Precision precision,
            long[] panels,
            int[] bounds,
            long bias,
            long scales,
            long columnSums) {
        this.in = in;
        this.out = out;
        this.precision = precision;
        this.panels = panels;
        this.bounds = bounds;
        this.bias = bias;
        this.scales = scales;
        this.columnSums = columnSums;
        elementsOfLane = precision == Precision.INT8 ? 4 : 2;
        lanes = Math.ceilDiv(in, elementsOfLane);
        blockBytes = (long) CpuLinear.roundUp(lanes, PADDED_LANES) * StreamKernels.COLUMNS * StreamKernels.LANE_BYTES;
        firstBlock = new int[panels.length + 1];
        for (int p = 0; p < panels.length; p++) {
            firstBlock[p + 1] = firstBlock[p] + Math.ceilDiv(bounds[p + 1] - bounds[p], StreamKernels.COLUMNS);
        }
    }

    /**
     * Whether so many rows are better off here.
     *
     * @param sameBits whether a row's bits may not depend on the number of rows
     */
    boolean takes(int rows, boolean sameBits) {
        return precision == Precision.INT8 ? rows <= MOST_ROWS_INT8 : !sameBits && rows <= MOST_ROWS_BF16;
    }

    /**
     * y = activation(x·Wᵀ + bias).
     *
     * @param x [rows, in] in the precision's activation type
     * @param y [rows, out] in the same
     */
    void run(Shares shares, Arena scratch, long x, int rows, long y, Activation activation) {
        Arena.Mark mark = scratch.mark();
        int blocks = firstBlock[panels.length];
        long share = blocks * blockBytes / BYTES_SHARE;
        if (precision == Precision.INT8) {
            long plane = 4L * CpuLinear.roundUp(lanes, PADDED_LANES);
            long nibbles = scratch.allocate(4 * plane);
            long scaleAndZero = scratch.allocate(2L * Float.BYTES);
            long quantised = scratch.allocate(plane);
            Ram.fill(quantised, plane, (byte) 0);
            Quantise.row(x, in, quantised, scaleAndZero);
            StreamKernels.nibbles(quantised, lanes, nibbles, plane);
            int excess = StreamKernels.excess(nibbles, plane, lanes);
            shares.rows(blocks, share, (worker, from, to) -> {
                for (int block = from; block < to; block++) {
                    int8(worker, block, nibbles, plane, excess, scaleAndZero, y, activation);
                }
            });
        } else {
            long stride = 4L * CpuLinear.roundUp(in, elementsOfLane * PADDED_LANES);
            long wide = scratch.allocate(rows * stride);
            for (int r = 0; r < rows; r++) {
                long row = wide + r * stride;
                Rows.convert(DType.BF16, x + (long) r * in * DType.BF16.bytes(), DType.F32, row, in);
                Ram.fill(row + 4L * in, stride - 4L * in, (byte) 0);
            }
            shares.rows(blocks, share, (worker, from, to) -> {
                for (int block = from; block < to; block++) {
                    bf16(worker, block, wide, stride, rows, y, activation);
                }
            });
        }
        scratch.rewind(mark);
    }

    private int panel(int block) {
        int found = Arrays.binarySearch(firstBlock, block);
        return found >= 0 ? found : -found - 2;
    }

    private void bf16(Worker worker, int block, long x, long stride, int rows, long y, Activation activation) {
        int p = panel(block);
        int column = bounds[p] + (block - firstBlock[p]) * StreamKernels.COLUMNS;
        int width = Math.min(StreamKernels.COLUMNS, bounds[p + 1] - column);
        long weights = panels[p] + (block - firstBlock[p]) * blockBytes;
        Arena.Mark mark = worker.scratch().mark();
        long sums = worker.scratch().allocate(8L * StreamKernels.COLUMNS);
        for (int r = 0; r < rows; r += 2) {
            int count = Math.min(2, rows - r);
            if (count == 1) {
                StreamKernels.bf16Row(x + r * stride, weights, lanes, sums);
            } else {
                StreamKernels.bf16Rows(x + r * stride, stride, weights, lanes, sums);
            }
            for (int i = 0; i < count; i++) {
                long row = sums + 4L * i * StreamKernels.COLUMNS;
                if (bias != 0) {
                    RowKernels.add(bias + 4L * column, row, width);
                }
                Activations.row(activation, row, width);
                Rows.narrow(row, y + ((long) (r + i) * out + column) * DType.BF16.bytes(), width);
            }
        }
        worker.scratch().rewind(mark);
    }

    private void int8(
            Worker worker,
            int block,
            long nibbles,
            long plane,
            int excess,
            long scaleAndZero,
            long y,
            Activation activation) {
        int p = panel(block);
        int column = bounds[p] + (block - firstBlock[p]) * StreamKernels.COLUMNS;
        int width = Math.min(StreamKernels.COLUMNS, bounds[p + 1] - column);
        long weights = panels[p] + (block - firstBlock[p]) * blockBytes;
        Arena.Mark mark = worker.scratch().mark();
        long sums = worker.scratch().allocate(4L * StreamKernels.COLUMNS);
        long parts = worker.scratch().allocate(StreamKernels.partsBytes(lanes));
        StreamKernels.int8Row(nibbles, plane, weights, lanes, parts);
        StreamKernels.int8Sums(parts, lanes, excess, sums);
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
        worker.scratch().rewind(mark);
    }
}
