package dev.limbic.ops.cpu;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Padding;
import dev.limbic.ops.Planes;

/**
 * How a convolution of 3 × 3 is computed by tiles, see {@link WinogradTile}: pictures are cut into tiles, and those into blocks of
 * about as many as keep their points in cache; a block is transformed, multiplied and transformed back by one worker. Several
 * threads may run it at once.
 */
final class WinogradSchedule implements ConvLayer.Single {
    /** Tiles of a block: so many rows make a product quick, and all their points still lie in some cache. */
    private static final int BLOCK = 100;

    /** For fewer, the last ones of a picture apart, reading the weights takes longer than waiting for another thread. */
    private static final int SMALLEST_BLOCK = 8;

    /** Of a product: those of the smallest plan of {@link CpuLinear}, as fewer may be added in another order. */
    private static final int FEWEST_ROWS = CpuLinear.planned(1);

    private final ConvLayer conv;
    private final WinogradTile tile;
    private final WinogradWeights weights;
    private final Planes planes;
    private final Planes result;
    private final Padding.Pixels padding;
    private final boolean residual;
    private final float least;
    private final Activation after;
    private final int in;
    private final int out;
    private final int across;
    private final int perPicture;
    private final int tiles;
    private final int step;
    private final int threads;

    WinogradSchedule(ConvLayer conv, WinogradTile tile, WinogradWeights weights, ConvSchedule.Key key) {
        this.conv = conv;
        this.tile = tile;
        this.weights = weights;
        planes = key.planes();
        result = key.result();
        padding = key.padding();
        residual = key.residual();
        least = key.activation() == Activation.RELU ? 0 : Float.NEGATIVE_INFINITY;
        after = key.activation() == Activation.RELU ? Activation.NONE : key.activation();
        in = conv.sliding().kernel().in();
        out = conv.sliding().kernel().out();
        across = Math.ceilDiv(result.w(), tile.size());
        perPicture = across * Math.ceilDiv(result.h(), tile.size());
        tiles = Math.multiplyExact(perPicture, planes.n());
        threads = WorkShare.of(key.threads(), conv.seconds(key.type(), key.type(), planes, result))
                .threads();
        int blocks = CpuLinear.roundUp(Math.ceilDiv(tiles, BLOCK), threads);
        step = Math.max(SMALLEST_BLOCK, Math.ceilDiv(tiles, blocks));
    }

    @Override
    public void run(CpuEngine engine, long x, long scales, long y) {
        // For each worker: which ones need it depends on timing.
        long scratch =
                engine.scratch().allocate((threads == 1 ? 1 : engine.team().places()) * bytesOfWorker());
        if (threads == 1) {
            for (int from = 0; from < tiles; from += step) {
                block(engine.team().owner(), scratch, x, from, Math.min(tiles, from + step), y);
            }
        } else {
            engine.shares().runs(tiles, step, (worker, from, to) -> {
                block(worker, scratch + worker.index() * bytesOfWorker(), x, from, to, y);
            });
        }
    }

    /** The points of a block's tiles and their products, and a tile twice. */
    private long bytesOfWorker() {
        return 4L * tile.points() * ((long) step * (in + out) + 2L * Math.max(in, out));
    }

    private void block(Worker worker, long scratch, long x, int from, int to, long y) {
        int count = to - from;
        int rows = Math.max(FEWEST_ROWS, count); // what lies in those behind the last tile does not matter
        long products = scratch + 4L * tile.points() * rows * in;
        long half = products + 4L * tile.points() * rows * out;
        long patch = half + 4L * tile.points() * Math.max(in, out);
        for (int t = 0; t < count; t++) {
            transform(x, from + t, patch, half, scratch + 4L * t * in, 4L * rows * in);
        }
        weights.multiply(worker, scratch, rows, products);
        for (int t = 0; t < count; t++) {
            transformBack(products + 4L * t * out, 4L * rows * out, half, patch, from + t, y);
        }
    }

    /** Bᵀ·d·B of one tile, to its place among those of each point. */
    private void transform(long x, int t, long patch, long half, long points, long pointStep) {
        int picture = t / perPicture;
        int line = t % perPicture / across * tile.size() - padding.top();
        int column = t % across * tile.size() - padding.left();
        int reach = tile.reach();
        long pixel = 4L * in;
        long lineBytes = planes.w() * pixel;
        long start = x + ((long) picture * planes.h() * planes.w() + (long) line * planes.w() + column) * pixel;
        if (line < 0 || column < 0 || line + reach > planes.h() || column + reach > planes.w()) {
            copyInside(start, line, column, patch);
            start = patch;
            lineBytes = reach * pixel;
        }
        WinogradKernels.picture(tile, start, lineBytes, half, reach * pixel, reach * in);
        for (long row = 0; row < tile.points(); row += reach) {
            WinogradKernels.picture(tile, half + row * pixel, pixel, points + row * pointStep, pointStep, in);
        }
    }

    /** What of a tile lies in the picture, zero around it. */
    private void copyInside(long start, int line, int column, long patch) {
        int reach = tile.reach();
        long pixel = 4L * in;
        Ram.fill(patch, tile.points() * pixel, (byte) 0);
        int firstColumn = Math.max(0, -column);
        int endColumn = Math.min(reach, planes.w() - column);
        for (int r = Math.max(0, -line); r < Math.min(reach, planes.h() - line); r++) {
            if (endColumn > firstColumn) {
                Ram.copy(
                        start + ((long) r * planes.w() + firstColumn) * pixel,
                        patch + ((long) r * reach + firstColumn) * pixel,
                        (endColumn - firstColumn) * pixel);
            }
        }
    }

    /** Aᵀ·m·A of one tile, and what follows a convolution. */
    private void transformBack(long products, long pointStep, long half, long lines, int t, long y) {
        int picture = t / perPicture;
        int line = t % perPicture / across * tile.size();
        int column = t % across * tile.size();
        int reach = tile.reach();
        long pixel = 4L * out;
        for (int c = 0; c < reach; c++) {
            WinogradKernels.result(
                    tile, products + c * pointStep, reach * pointStep, half + c * pixel, reach * pixel, out);
        }
        int width = Math.min(tile.size(), result.w() - column);
        for (int r = 0; r < Math.min(tile.size(), result.h() - line); r++) {
            WinogradKernels.result(tile, half + (long) r * reach * pixel, pixel, lines, pixel, out);
            long place = y + ((long) (picture * result.h() + line + r) * result.w() + column) * pixel;
            WinogradKernels.finish(lines, width, out, conv.bias(), residual, least, place);
            Activations.row(after, place, width * out);
        }
    }

    /** Plans belong to workers, weights to the layer. */
    @Override
    public void close() {}
}
