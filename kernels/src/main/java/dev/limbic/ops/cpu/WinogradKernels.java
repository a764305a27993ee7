package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The transforms of {@link WinogradTile} in one direction; a tile takes two. Each reads some lines of f32 that lie {@code xStep}
 * bytes apart, and writes some that lie {@code yStep} apart; n, a multiple of the lanes, is the length of a line.
 */
final class WinogradKernels {
    private static final FloatVector NEAR = constant(WinogradTile.NEAR);
    private static final FloatVector NEAR_2 = constant(WinogradTile.NEAR * WinogradTile.NEAR);
    private static final FloatVector NEAR_3 = NEAR_2.mul(NEAR);
    private static final FloatVector FAR = constant(WinogradTile.FAR);
    private static final FloatVector FAR_2 = constant(WinogradTile.FAR * WinogradTile.FAR);
    private static final FloatVector FAR_3 = FAR_2.mul(FAR);
    private static final FloatVector MINUS_NEAR_2 = NEAR_2.neg();
    private static final FloatVector MINUS_FAR_2 = FAR_2.neg();
    private static final FloatVector PRODUCT = NEAR_2.mul(FAR_2);
    private static final FloatVector MINUS_SUM = NEAR_2.add(FAR_2).neg();

    private WinogradKernels() {}

    private static FloatVector constant(float value) {
        return FloatVector.broadcast(VectorMath.F, value);
    }

    /** Bᵀ. */
    static void picture(WinogradTile tile, long x, long xStep, long y, long yStep, int n) {
        if (tile == WinogradTile.TWO) {
            picture2(x, xStep, y, yStep, n);
        } else {
            picture4(x, xStep, y, yStep, n);
        }
    }

    /** Aᵀ. */
    static void result(WinogradTile tile, long x, long xStep, long y, long yStep, int n) {
        if (tile == WinogradTile.TWO) {
            result2(x, xStep, y, yStep, n);
        } else {
            result4(x, xStep, y, yStep, n);
        }
    }

    private static void picture2(long x, long xStep, long y, long yStep, int n) {
        for (long i = 0; i < 4L * n; i += 4L * LANES) {
            FloatVector a = load(x + i);
            FloatVector b = load(x + xStep + i);
            FloatVector c = load(x + 2 * xStep + i);
            FloatVector d = load(x + 3 * xStep + i);
            a.sub(c).intoMemorySegment(Ram.ALL, y + i, Ram.ORDER);
            b.add(c).intoMemorySegment(Ram.ALL, y + yStep + i, Ram.ORDER);
            c.sub(b).intoMemorySegment(Ram.ALL, y + 2 * yStep + i, Ram.ORDER);
            b.sub(d).intoMemorySegment(Ram.ALL, y + 3 * yStep + i, Ram.ORDER);
        }
    }

    private static void picture4(long x, long xStep, long y, long yStep, int n) {
        for (long i = 0; i < 4L * n; i += 4L * LANES) {
            FloatVector a = load(x + i);
            FloatVector b = load(x + xStep + i);
            FloatVector c = load(x + 2 * xStep + i);
            FloatVector d = load(x + 3 * xStep + i);
            FloatVector e = load(x + 4 * xStep + i);
            FloatVector f = load(x + 5 * xStep + i);
            FloatVector even = c.fma(MINUS_FAR_2, e);
            FloatVector odd = b.fma(MINUS_FAR_2, d).mul(NEAR);
            a.fma(PRODUCT, c.fma(MINUS_SUM, e)).intoMemorySegment(Ram.ALL, y + i, Ram.ORDER);
            even.add(odd).intoMemorySegment(Ram.ALL, y + yStep + i, Ram.ORDER);
            even.sub(odd).intoMemorySegment(Ram.ALL, y + 2 * yStep + i, Ram.ORDER);
            even = c.fma(MINUS_NEAR_2, e);
            odd = b.fma(MINUS_NEAR_2, d).mul(FAR);
            even.add(odd).intoMemorySegment(Ram.ALL, y + 3 * yStep + i, Ram.ORDER);
            even.sub(odd).intoMemorySegment(Ram.ALL, y + 4 * yStep + i, Ram.ORDER);
            b.fma(PRODUCT, d.fma(MINUS_SUM, f)).intoMemorySegment(Ram.ALL, y + 5 * yStep + i, Ram.ORDER);
        }
    }

    private static void result2(long x, long xStep, long y, long yStep, int n) {
        for (long i = 0; i < 4L * n; i += 4L * LANES) {
            FloatVector b = load(x + xStep + i);
            FloatVector c = load(x + 2 * xStep + i);
            load(x + i).add(b.add(c)).intoMemorySegment(Ram.ALL, y + i, Ram.ORDER);
            b.sub(c).sub(load(x + 3 * xStep + i)).intoMemorySegment(Ram.ALL, y + yStep + i, Ram.ORDER);
        }
    }

    private static void result4(long x, long xStep, long y, long yStep, int n) {
        for (long i = 0; i < 4L * n; i += 4L * LANES) {
            FloatVector b = load(x + xStep + i);
            FloatVector c = load(x + 2 * xStep + i);
            FloatVector d = load(x + 3 * xStep + i);
            FloatVector e = load(x + 4 * xStep + i);
            FloatVector near = b.add(c);
            FloatVector far = d.add(e);
            FloatVector nearDifference = b.sub(c);
            FloatVector farDifference = d.sub(e);
            load(x + i).add(near.add(far)).intoMemorySegment(Ram.ALL, y + i, Ram.ORDER);
            farDifference.fma(FAR, nearDifference.mul(NEAR)).intoMemorySegment(Ram.ALL, y + yStep + i, Ram.ORDER);
            far.fma(FAR_2, near.mul(NEAR_2)).intoMemorySegment(Ram.ALL, y + 2 * yStep + i, Ram.ORDER);
            farDifference
                    .fma(FAR_3, nearDifference.fma(NEAR_3, load(x + 5 * xStep + i)))
                    .intoMemorySegment(Ram.ALL, y + 3 * yStep + i, Ram.ORDER);
        }
    }

    /**
     * y[p] ← x[p] + bias, or that added to y[p]; below {@code least} it is that. NaN stays.
     *
     * @param x f32 [pixels, n], as is y
     * @param bias f32 [n]
     * @param adds whether y is added to
     * @param least −∞ for no bound
     */
    static void finish(long x, int pixels, int n, long bias, boolean adds, float least, long y) {
        if (adds) {
            finishSum(x, pixels, n, bias, least, y);
        } else {
            finishPlain(x, pixels, n, bias, least, y);
        }
    }

    private static void finishPlain(long x, int pixels, int n, long bias, float least, long y) {
        for (long at = 0; at < 4L * pixels * n; at += 4L * n) {
            for (long i = 0; i < 4L * n; i += 4L * LANES) {
                FloatVector value = load(x + at + i).add(load(bias + i));
                value.blend(least, value.compare(VectorOperators.LT, least))
                        .intoMemorySegment(Ram.ALL, y + at + i, Ram.ORDER);
            }
        }
    }

    private static void finishSum(long x, int pixels, int n, long bias, float least, long y) {
        for (long at = 0; at < 4L * pixels * n; at += 4L * n) {
            for (long i = 0; i < 4L * n; i += 4L * LANES) {
                FloatVector value = load(x + at + i).add(load(bias + i)).add(load(y + at + i));
                value.blend(least, value.compare(VectorOperators.LT, least))
                        .intoMemorySegment(Ram.ALL, y + at + i, Ram.ORDER);
            }
        }
    }
}
