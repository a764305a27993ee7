package dev.limbic.ops.cpu;

import static dev.limbic.ops.cpu.VectorMath.F;
import static dev.limbic.ops.cpu.VectorMath.LANES;
import static dev.limbic.ops.cpu.VectorMath.load;

import dev.limbic.ops.Activation;
import dev.limbic.tensor.DType;
import jdk.incubator.vector.FloatVector;

/** Kernels over single rows of f32. Each is one or two passes over a row that fits the first-level cache. */
final class RowKernels {
    private RowKernels() {}

    /** y ← y + x. */
    static void add(long x, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            load(y + 4L * i).add(load(x + 4L * i)).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            Ram.setFloat(y + 4L * i, Ram.getFloat(y + 4L * i) + Ram.getFloat(x + 4L * i));
        }
    }

    /** y ← y + x, of bf16. */
    static void addBf16(long x, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            Rows.narrowed(Rows.loadWide(y + 2L * i).add(Rows.loadWide(x + 2L * i)))
                    .intoMemorySegment(Ram.ALL, y + 2L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            float sum = Rows.get(DType.BF16, y + 2L * i) + Rows.get(DType.BF16, x + 2L * i);
            Ram.setShort(y + 2L * i, Rows.bf16(sum));
        }
    }

    /** y ← y + w·x. */
    static void addScaled(long x, float w, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            load(x + 4L * i)
                    .fma(FloatVector.broadcast(F, w), load(y + 4L * i))
                    .intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            Ram.setFloat(y + 4L * i, Math.fma(Ram.getFloat(x + 4L * i), w, Ram.getFloat(y + 4L * i)));
        }
    }

    /** y ← w·y. */
    static void scale(float w, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            load(y + 4L * i).mul(w).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            Ram.setFloat(y + 4L * i, Ram.getFloat(y + 4L * i) * w);
        }
    }

    /** y ← max(y, x). */
    static void max(long x, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            load(y + 4L * i).max(load(x + 4L * i)).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            Ram.setFloat(y + 4L * i, Math.max(Ram.getFloat(y + 4L * i), Ram.getFloat(x + 4L * i)));
        }
    }

    /** y ← max(y, 0); NaN stays. */
    static void relu(long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            load(y + 4L * i).max(0f).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            Ram.setFloat(y + 4L * i, Math.max(Ram.getFloat(y + 4L * i), 0f));
        }
    }

    /** y ← (y − mean)/√(variance + epsilon)·gain + bias, the variance taken around the mean in a second pass. */
    static void layerNorm(long y, int n, long gain, long bias, float epsilon) {
        FloatVector sums = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            sums = sums.add(load(y + 4L * i));
        }
        float sum = VectorMath.sum(sums);
        for (; i < n; i++) {
            sum += Ram.getFloat(y + 4L * i);
        }
        float mean = sum / n;
        FloatVector squares = FloatVector.zero(F);
        i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector centred = load(y + 4L * i).sub(mean);
            squares = centred.fma(centred, squares);
        }
        float square = VectorMath.sum(squares);
        for (; i < n; i++) {
            float centred = Ram.getFloat(y + 4L * i) - mean;
            square += centred * centred;
        }
        float inverse = (float) (1 / Math.sqrt(square / n + epsilon));
        i = 0;
        for (; i <= n - LANES; i += LANES) {
            load(y + 4L * i)
                    .sub(mean)
                    .mul(inverse)
                    .fma(load(gain + 4L * i), load(bias + 4L * i))
                    .intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            float centred = (Ram.getFloat(y + 4L * i) - mean) * inverse;
            Ram.setFloat(y + 4L * i, Math.fma(centred, Ram.getFloat(gain + 4L * i), Ram.getFloat(bias + 4L * i)));
        }
    }

    /** y ← y/√(mean(y²) + epsilon)·gain. */
    static void rmsNorm(long y, int n, long gain, float epsilon) {
        FloatVector squares = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            FloatVector v = load(y + 4L * i);
            squares = v.fma(v, squares);
        }
        float square = VectorMath.sum(squares);
        for (; i < n; i++) {
            float v = Ram.getFloat(y + 4L * i);
            square += v * v;
        }
        float inverse = (float) (1 / Math.sqrt(square / n + epsilon));
        i = 0;
        for (; i <= n - LANES; i += LANES) {
            load(y + 4L * i).mul(inverse).mul(load(gain + 4L * i)).intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            Ram.setFloat(y + 4L * i, Ram.getFloat(y + 4L * i) * inverse * Ram.getFloat(gain + 4L * i));
        }
    }

    /** y ← silu(gate)·up. */
    static void siluTimes(long gate, long up, long y, int n) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            VectorMath.silu(load(gate + 4L * i))
                    .mul(load(up + 4L * i))
                    .intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
        }
        for (; i < n; i++) {
            float g = Ram.getFloat(gate + 4L * i);
            Ram.setFloat(y + 4L * i, VectorMath.activate(Activation.SILU, g) * Ram.getFloat(up + 4L * i));
        }
    }

    /** y ← softmax(x), shifted by the row's maximum. */
    static void softmax(long x, long y, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, Ram.getFloat(x + 4L * i));
        }
        float sum = 0;
        int i = 0;
        FloatVector sums = FloatVector.zero(F);
        for (; i <= n - LANES; i += LANES) {
            FloatVector e = VectorMath.exp(load(x + 4L * i).sub(max));
            e.intoMemorySegment(Ram.ALL, y + 4L * i, Ram.ORDER);
            sums = sums.add(e);
        }
        sum += VectorMath.sum(sums);
        for (; i < n; i++) {
            float e = (float) Math.exp(Ram.getFloat(x + 4L * i) - max);
            Ram.setFloat(y + 4L * i, e);
            sum += e;
        }
        scale(1 / sum, y, n);
    }
}
