package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.greater;
import static dev.limbic.ops.cpu.VectorMath.load;

import dev.limbic.tensor.DType;
import jdk.incubator.vector.FloatVector;

/**
 * Pooling of a line of pixels, channels last, in two steps: lines of the picture become one, element by element, then the
 * windows of that line become pixels. So most of what is read lies behind one another, and windows that overlap share work.
 */
final class LineKernels {
    private LineKernels() {}

    /** y[i] = sum, or the largest, of x[·, i]; NaN if one is. Lines lie {@code lineBytes} apart; y f32 [n]. */
    static void lines(DType type, boolean max, long x, int lines, long lineBytes, int n, long y) {
        if (max) {
            if (type == DType.F32) {
                maxF32(x, lines, lineBytes, n, y);
            } else {
                maxBf16(x, lines, lineBytes, n, y);
            }
        } else if (type == DType.F32) {
            sumF32(x, lines, lineBytes, n, y);
        } else {
            sumBf16(x, lines, lineBytes, n, y);
        }
        for (int i = n - n % LANES; i < n; i++) {
            float result = max ? Float.NEGATIVE_INFINITY : 0;
            for (int r = 0; r < lines; r++) {
                float value = Rows.get(type, x + r * lineBytes + (long) i * type.bytes());
                result = max ? Math.max(result, value) : result + value;
            }
            Ram.setFloat(y + 4L * i, result);
        }
    }

    private static void sumF32(long x, int lines, long lineBytes, int n, long y) {
        for (int i = 0; i <= n - LANES; i += LANES) {
            FloatVector a = load(x + 4L * i);
            for (int r = 1; r < lines; r++) {
                a = a.add(load(x + r * lineBytes + 4L * i));
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
    }

    private static void sumBf16(long x, int lines, long lineBytes, int n, long y) {
        for (int i = 0; i <= n - LANES; i += LANES) {
            FloatVector a = Rows.loadWide(x + 2L * i);
            for (int r = 1; r < lines; r++) {
                a = a.add(Rows.loadWide(x + r * lineBytes + 2L * i));
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
    }

    private static void maxF32(long x, int lines, long lineBytes, int n, long y) {
        for (int i = 0; i <= n - LANES; i += LANES) {
            FloatVector a = load(x + 4L * i);
            for (int r = 1; r < lines; r++) {
                FloatVector b = load(x + r * lineBytes + 4L * i);
                a = greater(a, b);
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
    }

    private static void maxBf16(long x, int lines, long lineBytes, int n, long y) {
        for (int i = 0; i <= n - LANES; i += LANES) {
            FloatVector a = Rows.loadWide(x + 2L * i);
            for (int r = 1; r < lines; r++) {
                FloatVector b = Rows.loadWide(x + r * lineBytes + 2L * i);
                a = greater(a, b);
            }
            a.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
    }

    /**
     * y[o, c] = sum, or the largest, of x[first[o] … end[o] − 1, c]; NaN if one is.
     *
     * @param x f32 [pixels, n]
     * @param y f32 [windows, n]
     */
    static void windows(boolean max, long x, int n, int[] first, int[] end, long y) {
        if (max) {
            widestF32(x, n, first, end, y);
        } else {
            totalF32(x, n, first, end, y);
        }
        for (int o = 0; o < first.length && n % LANES != 0; o++) {
            for (int i = n - n % LANES; i < n; i++) {
                float result = max ? Float.NEGATIVE_INFINITY : 0;
                for (int p = first[o]; p < end[o]; p++) {
                    float value = Ram.getFloat(x + 4L * ((long) p * n + i));
                    result = max ? Math.max(result, value) : result + value;
                }
                Ram.setFloat(y + 4L * ((long) o * n + i), result);
            }
        }
    }

    private static void totalF32(long x, int n, int[] first, int[] end, long y) {
        for (int o = 0; o < first.length; o++) {
            for (int i = 0; i <= n - LANES; i += LANES) {
                long at = x + 4L * ((long) first[o] * n + i);
                FloatVector a = load(at);
                for (int p = first[o] + 1; p < end[o]; p++) {
                    at += 4L * n;
                    a = a.add(load(at));
                }
                a.intoMemorySegment(Ram.ALL, y + 4L * ((long) o * n + i), Ram.ORDER);
            }
        }
    }

    private static void widestF32(long x, int n, int[] first, int[] end, long y) {
        for (int o = 0; o < first.length; o++) {
            for (int i = 0; i <= n - LANES; i += LANES) {
                long at = x + 4L * ((long) first[o] * n + i);
                FloatVector a = load(at);
                for (int p = first[o] + 1; p < end[o]; p++) {
                    at += 4L * n;
                    FloatVector b = load(at);
                    a = greater(a, b);
                }
                a.intoMemorySegment(Ram.ALL, y + 4L * ((long) o * n + i), Ram.ORDER);
            }
        }
    }
}
